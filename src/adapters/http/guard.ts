/** Who may ask: an optional bearer token, and no changes on behalf of a foreign web page. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { HttpProblem } from './problem.ts';

/** Probes carry no secret, and tell nothing but whether the worker serves. */
const openRoutes: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** Throws HttpProblem when the request may not go on. Runs before the body is read. */
export type Guard = (request: FastifyRequest) => void;

export function createGuard(token: string | undefined): Guard {
  const expected = token === undefined ? undefined : digest(token);
  return (request) => {
    const route = request.routeOptions.url;
    if (route !== undefined && openRoutes.has(route)) return;
    if (expected !== undefined) checkToken(request.headers.authorization, expected);
    if (request.method !== 'GET' && request.method !== 'HEAD') checkOrigin(request.headers);
  };
}

/** Compares digests, so that neither the content nor the length of the token shows in the time it takes. */
function checkToken(authorization: string | undefined, expected: Buffer): void {
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  if (given !== undefined && timingSafeEqual(digest(given), expected)) return;
  const what = given === undefined ? 'no bearer token came with the request' : 'the bearer token is wrong';
  throw new HttpProblem('FRESHET_UNAUTHORIZED', `${what}; send "Authorization: Bearer TOKEN"`);
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Browsers name the page that sends a changing request; programs do not. */
function checkOrigin(headers: FastifyRequest['headers']): void {
  const { origin, host } = headers;
  if (origin === undefined || (host !== undefined && hostOf(origin) === host.toLowerCase())) return;
  throw new HttpProblem(
    'FRESHET_FOREIGN_ORIGIN',
    'a web page of another origin may not change anything here; send the request from a server',
  );
}

function hostOf(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase())?.[1];
}
