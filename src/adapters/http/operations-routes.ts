/** Routes for those who run the worker. */
import type { FastifyInstance } from 'fastify';
import type { Serving } from '../../ports/serving.ts';
import { wantsPage, type ShowPage } from './console-routes.ts';
import { openApiDocument } from './openapi.ts';
import { requireReady } from './readiness.ts';
import { send } from './send.ts';

/** A registered route, path parameters in braces as in OpenAPI. */
export interface Route {
  readonly method: string;
  readonly path: string;
}

const prometheusText = 'text/plain; version=0.0.4; charset=utf-8';

export function addOperationsRoutes(
  app: FastifyInstance,
  serving: Pick<Serving, 'readiness'>,
  metricsText: () => Promise<string>,
  routes: readonly Route[],
  showPage?: ShowPage,
): void {
  app.get('/healthz', (_request, reply) => send(reply, 200, { status: 'alive' }));
  app.get('/readyz', (_request, reply) => {
    requireReady(serving);
    return send(reply, 200, { status: 'ready' });
  });
  app.get('/metrics', async (_request, reply) => reply.type(prometheusText).send(await metricsText()));
  app.get('/openapi.json', (_request, reply) => send(reply, 200, openApiDocument));
  app.get('/', (request, reply) => {
    if (showPage !== undefined && wantsPage(request)) return showPage(request, reply);
    return send(reply.header('vary', 'accept'), 200, { name: 'freshet', routes });
  });
}
