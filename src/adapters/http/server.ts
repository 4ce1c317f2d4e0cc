/** The HTTP surface of a worker: ratings in, predictions out, and what its operators look at. */
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { EventCodec, RatingDecoder } from '../../ports/codec.ts';
import type { DeadLetterBox } from '../../ports/dead-letters.ts';
import type { Log } from '../../ports/log.ts';
import type { ModelControl } from '../../ports/model-control.ts';
import type { Peers } from '../../ports/peers.ts';
import type { Serving } from '../../ports/serving.ts';
import type { NetworkStats, StatsSource } from '../../ports/telemetry.ts';
import type { RatingsLog, TopicReader } from '../../ports/transport.ts';
import { addConsoleRoutes } from './console-routes.ts';
import { createForwarder, type OnForwarded } from './forward.ts';
import { createGuard } from './guard.ts';
import { createIntakeGate } from './intake-gate.ts';
import { addLetterRoutes } from './letter-routes.ts';
import { defaultHttpLimits, retryAfterSeconds, type HttpLimits } from './limits.ts';
import { listen, type ListenAddress } from './listen.ts';
import { createLiveFeed } from './live-feed.ts';
import { addModelRoutes } from './model-routes.ts';
import { addOperationsRoutes, type Route } from './operations-routes.ts';
import { createPredictionStreams } from './prediction-streams.ts';
import { answerTo, HttpProblem } from './problem.ts';
import { addRatingsRoutes } from './ratings-routes.ts';
import { createOpening } from './readiness.ts';
import { send } from './send.ts';
import { addServingRoutes, livePath, streamPath } from './serving-routes.ts';
import { createTurns } from './turns.ts';

/** `route` is the pattern, never an id; the duration is null for a stream: that is its reader's choice. */
export type OnAnswered = (method: string, route: string, status: number, durationMs: number | null) => void;

export interface HttpServerOptions {
  readonly serving: Serving;
  readonly ratingsLog: RatingsLog;
  readonly codec: RatingDecoder & EventCodec;
  readonly topicReader: TopicReader;
  readonly partitionCount: number;
  readonly models: ModelControl;
  readonly letters: DeadLetterBox;
  /** What the console shows; looked at while somebody looks at it. */
  readonly stats: StatsSource;
  /** With errors in the user's scale. */
  readonly networkStats: () => readonly NetworkStats[];
  readonly scale: { readonly lo: number; readonly hi: number };
  readonly metricsText: () => Promise<string>;
  /** Told of every answered request. */
  readonly onAnswered?: OnAnswered;
  /** Where reads for users of other workers go; without it they are answered 503. */
  readonly peers?: Peers;
  readonly onForwarded?: OnForwarded;
  /** Asked of every request but /healthz and /readyz. */
  readonly token?: string;
  readonly limits?: Partial<HttpLimits>;
  /** Dotted path of the time in a JSON rating, which gets the time of receipt when it is missing; `ratedAt` by default. */
  readonly timeField?: string;
  readonly nowMs?: () => number;
  readonly log: Log;
}

export interface HttpServer {
  /** Port 0 takes a free one. Throws UsageError when the address cannot be had. */
  listen(address: { readonly host?: string; readonly port: number }): Promise<ListenAddress>;
  /** Refuses new requests, answers those under way within the grace, ends the streams. Idempotent. */
  close(): Promise<void>;
}

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const limits: HttpLimits = { ...defaultHttpLimits, ...options.limits };
  const turns = createTurns();
  const nowMs = options.nowMs ?? Date.now;
  const opened = (path: string) => (): void => options.onAnswered?.('GET', path, 200, null);
  const streams = createPredictionStreams({ ...options, turns, onOpened: opened(streamPath) }, limits);
  const live = createLiveFeed(
    {
      ...{ ...options, nowMs, onOpened: opened(livePath) },
      networkKinds: options.models.kinds,
      waiting: () => options.ratingsLog.backlog(),
      readiness: () => options.serving.readiness(),
    },
    limits,
  );
  const state = { closing: false };
  const routes: Route[] = [];
  const app = createApp(limits, options.log);
  addHooks(app, options, state, routes);
  const requireOpen = createOpening(options.serving);
  const { peers } = options;
  const forwarder = peers === undefined ? undefined : createForwarder({ ...options, peers }, limits);
  addRatingsRoutes(app, options.serving, requireOpen, {
    ...options,
    gate: createIntakeGate(options.ratingsLog, limits),
    limits,
    turns,
    nowMs,
    timeField: options.timeField ?? 'ratedAt',
  });
  addServingRoutes(app, { serving: options.serving, requireOpen, forwarder, streams, live });
  addModelRoutes(app, options.models);
  addLetterRoutes(app, options.letters, requireOpen);
  addOperationsRoutes(app, options.serving, options.metricsText, routes, addConsoleRoutes(app));

  return closing(app, state, limits, options, () => {
    streams.endAll();
    live.endAll();
    return () => forwarder?.close();
  });
}

/** How a server begins and ends; `leave` ends what has no end of its own, and returns what is to be done at last. */
export function closing(
  app: FastifyInstance,
  state: { closing: boolean },
  limits: HttpLimits,
  { token, log }: Pick<HttpServerOptions, 'token' | 'log'>,
  leave: () => () => void = () => () => undefined,
): HttpServer {
  let closed: Promise<void> | undefined;
  async function closeOnce(): Promise<void> {
    state.closing = true;
    const last = leave();
    // A connection that was busy when closing began becomes idle when it is answered.
    const sweep = setInterval(() => app.server.closeIdleConnections(), 20);
    const cut = setTimeout(() => app.server.closeAllConnections(), limits.closeGraceMs);
    await app.close();
    clearInterval(sweep);
    clearTimeout(cut);
    last();
  }
  return {
    listen: (address) => listen(app, address, token !== undefined, log),
    close: () => (closed ??= closeOnce()),
  };
}

export function createApp(limits: HttpLimits, log: Log): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: limits.bodyMaxBytes,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    // An id of 256 bytes, each percent-encoded.
    routerOptions: { maxParamLength: 3 * 256 },
    frameworkErrors: (error, _request, reply) => void answerError(reply, error, log),
    clientErrorHandler: (_error, socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    },
  });
  app.setErrorHandler((error, _request, reply) => answerError(reply, error, log));
  app.setNotFoundHandler((request) => {
    throw new HttpProblem(
      'FRESHET_NOT_FOUND',
      `nothing answers ${request.method} at this path; GET / lists the routes`,
    );
  });
  return app;
}

export function addHooks(
  app: FastifyInstance,
  { token, onAnswered }: Pick<HttpServerOptions, 'token' | 'onAnswered'>,
  state: Readonly<{ closing: boolean }>,
  routes: Route[],
): void {
  const guard = createGuard(token);
  app.addHook('onRoute', ({ method, url }) => {
    routes.push({ method: String(method), path: url.replace(/:(\w+)/g, '{$1}') });
  });
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    if (state.closing) {
      reply.header('connection', 'close');
      throw new HttpProblem(
        'FRESHET_NOT_READY',
        'the worker is going away; repeat the request at another one, or later',
      );
    }
    guard(request);
    done();
  });
  if (onAnswered === undefined) return;
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unmatched';
    // A stream is counted when it opens: it has no end to speak of.
    const isStream = (route === streamPath || route === livePath) && reply.raw.statusCode === 200;
    if (!isStream) onAnswered(request.method, route, reply.raw.statusCode, reply.elapsedTime);
    done();
  });
}

function answerError(reply: FastifyReply, error: unknown, log: Log): FastifyReply {
  const { status, retry, body } = answerTo(error);
  if (status >= 500 && !retry) log.error({ error, status }, 'request failed');
  if (retry) reply.header('retry-after', retryAfterSeconds);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return send(reply, status, body);
}
