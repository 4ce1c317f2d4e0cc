import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { UsageError } from '../../errors.ts';
import type { Log } from '../../ports/log.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const loopback = '127.0.0.1';
const whyNot: ReadonlyMap<unknown, string> = new Map([
  ['EADDRINUSE', 'another process listens there. Stop it, or choose another port'],
  ['EACCES', 'the system does not allow it. Choose a port above 1023'],
  ['EADDRNOTAVAIL', 'this machine does not have the address. Choose one of its own'],
  ['ENOTFOUND', 'the host name is not known. Choose an address of this machine'],
]);

export async function listen(
  app: FastifyInstance,
  { host = loopback, port }: { readonly host?: string; readonly port: number },
  hasToken: boolean,
  log: Log,
): Promise<ListenAddress> {
  if (!hasToken && !isLoopback(host)) {
    log.warn({ host, port }, 'HTTP is reachable from other machines without a token');
  }
  try {
    await app.listen({ host, port });
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? whyNot.get(error.code) : undefined;
    if (why === undefined) throw error;
    throw new UsageError([`HTTP cannot listen on ${host}:${port}: ${why}`]);
  }
  const address = app.server.address() as AddressInfo;
  return { host: address.address, port: address.port };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
