/** Requests to a running worker, repeated while it says that they may succeed later. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Rule } from '../config.ts';
import { WorkerRequestError } from '../errors.ts';
import type { Settings } from '../setting.ts';

export const workerSettings = {
  http: { type: 'text', unit: 'url', doc: 'A running worker to ask, as in http://127.0.0.1:8080.' },
  httpToken: { type: 'text', secret: true, doc: 'Bearer token of that worker, when it wants one.' },
} as const satisfies Settings;

export const httpAddress: Rule<typeof workerSettings> = {
  needs: ['http'],
  problem: ({ http }) =>
    http === undefined || /^https?:$/.test(protocolOf(http))
      ? undefined
      : `--http is ${JSON.stringify(http)}, which is no http address; give one as http://127.0.0.1:8080`,
};

const protocolOf = (url: string): string => (URL.canParse(url) ? new URL(url).protocol : '');

export interface WorkerAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface WorkerClient {
  /** The answer, unless it is one of those that pass: then the request is repeated. Throws WorkerRequestError. */
  send(method: 'GET' | 'POST' | 'DELETE', path: string, ndjson?: string): Promise<WorkerAnswer>;
  /** Requests that had to be repeated, each time. */
  readonly repeatCount: number;
}

/** A worker that has answered before may be restarting: it is waited for this often, a second each time. */
const mostSilences = 60;
const pauseMs = 1000;
const requestTimeoutMs = 60_000;

export function workerClient(url: string, token: string | undefined, signal: AbortSignal): WorkerClient {
  const base = url.endsWith('/') ? url : `${url}/`;
  let repeatCount = 0;
  let hasAnswered = false;

  async function attempt(method: string, path: string, ndjson: string | undefined): Promise<Response> {
    return fetch(new URL(path, base), {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(ndjson === undefined ? {} : { 'content-type': 'application/x-ndjson' }),
      },
      ...(ndjson === undefined ? {} : { body: ndjson }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
    });
  }

  async function repeatAfter(waitMs: number): Promise<void> {
    repeatCount++;
    await delay(waitMs, undefined, { signal });
  }

  return {
    get repeatCount() {
      return repeatCount;
    },
    async send(method, path, ndjson) {
      for (let silences = 0; ;) {
        let answer: WorkerAnswer;
        let waitMs: number;
        try {
          const response = await attempt(method, path, ndjson);
          answer = { status: response.status, body: parse(await response.text()) };
          waitMs = waitOf(response);
          hasAnswered = true;
        } catch (error) {
          signal.throwIfAborted();
          if (!hasAnswered || ++silences > mostSilences) throw noAnswer(url, error);
          await repeatAfter(pauseMs);
          continue;
        }
        if (answer.status === 503 && ++silences > mostSilences) throw refused(url, answer);
        if (answer.status !== 429 && answer.status !== 503) return answer;
        await repeatAfter(waitMs);
      }
    },
  };
}

export function refused(url: string, { status, body }: WorkerAnswer): WorkerRequestError {
  const said = (body as { error?: { code?: string; message?: string } } | null)?.error;
  const advice = status === 401 ? ' Give its token with --http-token or FRESHET_HTTP_TOKEN.' : '';
  return new WorkerRequestError(
    `The worker at ${url} answered ${status}: ${said?.message ?? 'it gave no reason; is it a worker of Freshet?'}${advice}`,
    { url, status, code: said?.code ?? null },
  );
}

function noAnswer(url: string, error: unknown): WorkerRequestError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = cause instanceof Error && cause.message !== '' ? cause.message : String(cause);
  return new WorkerRequestError(
    `No worker answers at ${url} (${why}). Check the address, and that freshet run is ready there.`,
    { url },
    error,
  );
}

function waitOf(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return seconds >= 0 ? Math.min(seconds, 60) * 1000 : pauseMs;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
