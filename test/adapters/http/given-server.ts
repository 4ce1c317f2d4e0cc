/** A server over fakes on a free loopback port, closed after each test. */
import { openInMemory } from '../../../src/adapters/embedded/open-in-memory.ts';
import { createModelStore } from '../../../src/adapters/models/model-store.ts';
import { createModelControl } from '../../../src/stream/model-control.ts';
import { afterEach } from 'vitest';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../../src/adapters/http/server.ts';
import {
  fakeCodec,
  FakeLetters,
  FakeRatingsLog,
  FakeServing,
  FakeStats,
  FakeTopicReader,
  recordingLog,
  type LogLine,
} from './fakes.ts';

export interface Given {
  readonly server: HttpServer;
  readonly url: string;
  readonly serving: FakeServing;
  readonly log: FakeRatingsLog;
  readonly letters: FakeLetters;
  readonly stats: FakeStats;
  readonly predictions: FakeTopicReader;
  readonly lines: readonly LogLine[];
  readonly answered: { method: string; route: string; status: number; durationMs: number | null }[];
}

const open: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

export async function givenServer(options: Partial<HttpServerOptions> = {}): Promise<Given> {
  const given = buildServer(options);
  const { port } = await given.server.listen({ port: 0 });
  return { ...given, url: `http://127.0.0.1:${port}` };
}

/** The same, not listening yet. */
export function buildServer(options: Partial<HttpServerOptions> = {}): Omit<Given, 'url'> {
  const partitionCount = options.partitionCount ?? 1;
  const serving = new FakeServing(partitionCount);
  const log = new FakeRatingsLog();
  const predictions = new FakeTopicReader(partitionCount);
  const letters = new FakeLetters();
  const stats = new FakeStats();
  const lines: LogLine[] = [];
  const answered: Given['answered'] = [];
  const server = createHttpServer({
    serving,
    ratingsLog: log,
    codec: fakeCodec,
    topicReader: predictions,
    partitionCount,
    letters,
    stats,
    networkStats: () => [],
    scale: { lo: 1, hi: 5 },
    models: createModelControl(createModelStore(openInMemory().models), { nowMs: () => 1_700_000_000_000 }),
    metricsText: () => Promise.resolve('# HELP freshet_rows Rows.\n# TYPE freshet_rows gauge\nfreshet_rows 1\n'),
    onAnswered: (method, route, status, durationMs) => answered.push({ method, route, status, durationMs }),
    log: recordingLog(lines),
    nowMs: () => 1_700_000_000_000,
    ...options,
    limits: { closeGraceMs: 200, ...options.limits },
  });
  open.push(server);
  return { server, serving, log, letters, stats, predictions, lines, answered };
}

export function rating(userId: string, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { userId, itemId: 'i1', rating: 4, ratedAt: 1_600_000_000_000, ...fields };
}

export function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/ratings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

export function postLines(url: string, body: string | Buffer): Promise<Response> {
  return fetch(`${url}/ratings`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body });
}

/** The parsed body; tests know its shape. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export async function jsonOf(response: Response | Promise<Response>): Promise<any> {
  return (await response).json();
}
