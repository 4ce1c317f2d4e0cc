/** The console: a page and its files. They hold nothing of the worker, so they need no token; what they ask for does. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { consolePage, createConsoleFiles, type ConsoleFile } from './console-files.ts';
import { HttpProblem } from './problem.ts';

export const consoleFilePath = '/console/:file';

/** Answers with the page. */
export type ShowPage = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

const pageHeaders = {
  // Nothing but the page's own files runs, nobody frames it, and text never becomes markup.
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // Asked for each time, and answered with 304 while nothing changed.
  'cache-control': 'no-cache',
};

/** A browser, not a program that wants to know the routes. */
export const wantsPage = ({ headers }: FastifyRequest): boolean => /\btext\/html\b/.test(headers.accept ?? '');

export function addConsoleRoutes(app: FastifyInstance): ShowPage {
  const files = createConsoleFiles();

  async function show(name: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const file = (await files()).get(name);
    if (file === undefined) {
      throw new HttpProblem('FRESHET_NOT_FOUND', 'the console has no such file; GET / has the page');
    }
    reply.headers({ ...pageHeaders, etag: file.etag, vary: 'accept, accept-encoding' });
    if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
    return compressed(file, request, reply.type(file.type));
  }

  app.get<{ Params: { file: string } }>(consoleFilePath, (request, reply) => show(request.params.file, request, reply));
  return (request, reply) => show(consolePage, request, reply);
}

function compressed(file: ConsoleFile, { headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const accepted = headers['accept-encoding'] ?? '';
  if (/\bbr\b/.test(accepted)) return reply.header('content-encoding', 'br').send(file.br);
  if (/\bgzip\b/.test(accepted)) return reply.header('content-encoding', 'gzip').send(file.gzip);
  return reply.send(file.plain);
}
