/**
 * Who may ask: an optional bearer token, and no changes on behalf of a foreign web page. Without a token a page is only believed
 * to be the worker's own when it was asked for by address or as localhost: any other name can be made to mean this machine after
 * the page has come from elsewhere.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { consoleFilePath, wantsPage } from './console-routes.ts';
import { HttpProblem } from './problem.ts';

/** Probes carry no secret, and tell nothing but whether the worker serves; the console's files tell nothing at all. */
const openRoutes: ReadonlySet<string> = new Set(['/healthz', '/readyz', consoleFilePath]);

/** Throws HttpProblem when the request may not go on. Runs before the body is read. */
export type Guard = (request: FastifyRequest) => void;

export function createGuard(token: string | undefined): Guard {
  const expected = token === undefined ? undefined : digest(token);
  return (request) => {
    const route = request.routeOptions.url;
    if (route !== undefined && openRoutes.has(route)) return;
    if (route === '/' && wantsPage(request)) return;
    if (expected !== undefined) checkToken(request.headers.authorization, expected);
    if (request.method !== 'GET' && request.method !== 'HEAD') checkOrigin(request.headers, expected !== undefined);
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
function checkOrigin(headers: FastifyRequest['headers'], hasToken: boolean): void {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  const isOwnPage = origin === undefined || (host !== undefined && hostOf(origin) === host.toLowerCase());
  if (isOwnPage && (site === undefined || site === 'same-origin' || site === 'none')) {
    if (hasToken || origin === undefined || cannotBeMoved(hostOf(origin) ?? '')) return;
    throw new HttpProblem(
      'FRESHET_FOREIGN_ORIGIN',
      'without a token only a page asked for by address or as localhost may change anything here; set --http-token-file, or use the address',
    );
  }
  throw new HttpProblem(
    'FRESHET_FOREIGN_ORIGIN',
    'a web page of another origin may not change anything here; send the request from a server',
  );
}

function hostOf(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase())?.[1];
}

/** An address, or the machine itself: no name server says what it means. */
function cannotBeMoved(host: string): boolean {
  const name = host.replace(/:\d+$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
}
