/** Where the other workers of a group reach this one's HTTP interface. */
import { networkInterfaces } from 'node:os';
import { webAddress } from '../../adapters/kafka/group-peers.ts';

export interface AddressFacts {
  /** --http-advertise: a host, host:port, or a web address. */
  readonly advertise: string | undefined;
  /** What the server listens on. */
  readonly host: string;
  readonly port: number;
  readonly brokers: readonly string[];
  /** Addresses of this machine that others may reach; asked for a server that listens on all of them. */
  readonly ownAddresses?: () => readonly string[];
}

/**
 * What is advertised, else what the server listens on; on all addresses, the machine's only one. A loopback address is
 * good only where the brokers are on this machine too: elsewhere it would lead other workers to themselves. Null when
 * others cannot be told.
 */
export function advertisedAddress(facts: AddressFacts): string | null {
  const { advertise, host, port, brokers, ownAddresses = addressesOfThisMachine } = facts;
  if (advertise !== undefined) return parseAdvertised(advertise, port);
  if (isLoopback(host)) return brokers.every((broker) => isLoopback(hostOf(broker))) ? at(host, port) : null;
  if (host !== '0.0.0.0' && host !== '::') return at(host, port);
  const [only, ...others] = ownAddresses();
  return only === undefined || others.length > 0 ? null : at(only, port);
}

/** Null when it is no address. A host without a port gets the one that the server listens on. */
export function parseAdvertised(text: string, port: number): string | null {
  if (text.includes('://')) return webAddress(text);
  if (/[/?#@\s]/.test(text)) return null;
  return webAddress(/:\d+$/.test(text) ? `http://${text}` : `http://${text}:${port}`);
}

const at = (host: string, port: number): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
const hostOf = (broker: string): string => broker.slice(0, broker.lastIndexOf(':')).replace(/^\[|\]$/g, '');
const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

function addressesOfThisMachine(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
}
