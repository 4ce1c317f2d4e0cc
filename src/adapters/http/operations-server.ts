/** The HTTP surface of a process that serves nobody: whether it lives, its metrics, and the networks. */
import type { Readiness } from '../../ports/serving.ts';
import { defaultHttpLimits } from './limits.ts';
import { addModelRoutes } from './model-routes.ts';
import { addOperationsRoutes, type Route } from './operations-routes.ts';
import { addHooks, closing, createApp, type HttpServer, type HttpServerOptions } from './server.ts';

export type OperationsServerOptions = Pick<
  HttpServerOptions,
  'models' | 'metricsText' | 'onAnswered' | 'token' | 'log'
> & { readonly readiness: () => Readiness };

export function createOperationsServer(options: OperationsServerOptions): HttpServer {
  const state = { closing: false };
  const routes: Route[] = [];
  const app = createApp(defaultHttpLimits, options.log);
  addHooks(app, options, state, routes);
  addModelRoutes(app, options.models);
  addOperationsRoutes(app, options, options.metricsText, routes);
  return closing(app, state, defaultHttpLimits, options);
}
