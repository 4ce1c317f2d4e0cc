import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { HttpServerOptions } from '../../../src/adapters/http/server.ts';
import { NotOwnedError } from '../../../src/errors.ts';
import type { PartitionOwner, Peers } from '../../../src/ports/peers.ts';
import { FakeServing } from './fakes.ts';
import { givenServer, jsonOf, type Given } from './given-server.ts';

/** Holds partition 0 and no other. */
class PartialServing extends FakeServing {
  override predict(userId: string, itemId: string) {
    this.#check(userId);
    return super.predict(userId, itemId);
  }
  override recommend(userId: string, count: number) {
    this.#check(userId);
    return super.recommend(userId, count);
  }
  #check(userId: string): void {
    if (this.partitionOf(userId) !== 0) throw new NotOwnedError('not here');
  }
}

class FakePeers implements Peers {
  owner: PartitionOwner = { kind: 'moving' };
  afterDoubt: PartitionOwner | null = null;
  asked: number[] = [];
  doubted: string[] = [];
  ownerOf(partition: number) {
    this.asked.push(partition);
    return Promise.resolve(this.owner);
  }
  doubt(_partition: number, address: string) {
    this.doubted.push(address);
    if (this.afterDoubt !== null) this.owner = this.afterDoubt;
  }
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

interface Seen {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly port: number;
}

/** A worker that answers this to everything, and what it was asked. */
async function answering(status: number, body: string | null): Promise<{ address: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    seen.push({ url: request.url!, headers: request.headers, port: request.socket.remotePort! });
    if (body !== null) response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end(body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

async function givenMember(owner: PartitionOwner, options: Partial<HttpServerOptions> = {}) {
  const peers = new FakePeers();
  peers.owner = owner;
  const forwarded: string[] = [];
  const server = await givenServer({
    partitionCount: 2,
    serving: new PartialServing(2),
    peers,
    onForwarded: (outcome, durationMs) => {
      expect(durationMs).toBeGreaterThanOrEqual(0);
      forwarded.push(outcome);
    },
    ...options,
  });
  return { ...server, peers, forwarded };
}

const at = (address: string): PartitionOwner => ({ kind: 'elsewhere', address });
const read = ({ url }: Pick<Given, 'url'>, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/users/u1/predictions/i1`, { headers });

async function expectNotOwned(response: Response, why: RegExp): Promise<void> {
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  const { error } = await jsonOf(response);
  expect(error.code).toBe('FRESHET_NOT_OWNED');
  expect(error.message).toMatch(why);
}

describe('a read for a user of another worker', () => {
  it('is answered by that worker, and the others do not ask it for theirs', async () => {
    const owner = await answering(200, '{"answer":42}');
    const member = await givenMember(at(owner.address));
    const response = await read(member);
    expect([response.status, await jsonOf(response)]).toEqual([200, { answer: 42 }]);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect((await fetch(`${member.url}/users/u1/recommendations?count=3&x=http://evil`)).status).toBe(200);
    expect((await fetch(`${member.url}/users/u0/predictions/i1`)).status).toBe(200);
    expect(owner.seen.map(({ url }) => url)).toEqual(['/users/u1/predictions/i1', '/users/u1/recommendations?count=3']);
    expect(member.forwarded).toEqual(['answered', 'answered']);
    expect(member.peers.asked).toEqual([1, 1]);
  });

  it('keeps its ids, whatever is in them', async () => {
    const owner = await answering(200, '{}');
    const member = await givenMember(at(owner.address));
    const id = 'a/../?&#%é 1';
    await fetch(`${member.url}/users/${encodeURIComponent(id)}/predictions/${encodeURIComponent('http://x/')}`);
    expect(owner.seen[0]!.url).toBe(`/users/${encodeURIComponent(id)}/predictions/http%3A%2F%2Fx%2F`);
  });

  it('carries the token and the mark of a forwarded request, over one connection', async () => {
    const owner = await answering(200, '{}');
    const member = await givenMember(at(owner.address), { token: 'secret' });
    const headers = { authorization: 'Bearer secret', cookie: 'private=1' };
    for (let i = 0; i < 3; i++) expect((await read(member, headers)).status).toBe(200);
    for (const { headers: got } of owner.seen) {
      expect(got).toMatchObject({ authorization: 'Bearer secret', 'x-freshet-forwarded': '1' });
      expect(got).not.toHaveProperty('cookie');
    }
    expect(new Set(owner.seen.map(({ port }) => port)).size).toBe(1);
    expect((await read(member, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect(owner.seen).toHaveLength(3);
  });

  it('goes one hop: a forwarded one is answered 503', async () => {
    const member = await givenMember(at('http://127.0.0.1:1'));
    await expectNotOwned(await read(member, { 'x-freshet-forwarded': '1' }), /not here/);
    expect(member.peers.asked).toEqual([]);
  });

  it('follows a partition that has moved meanwhile', async () => {
    const former = await answering(503, '{}');
    const owner = await answering(200, '{"answer":1}');
    const member = await givenMember(at(former.address));
    member.peers.afterDoubt = at(owner.address);
    expect(await jsonOf(read(member))).toEqual({ answer: 1 });
    expect(member.peers.doubted).toEqual([former.address]);
    expect(member.forwarded).toEqual(['answered']);
  });

  it('is answered 503 while the partition moves, or its worker cannot be told', async () => {
    const member = await givenMember({ kind: 'moving' });
    await expectNotOwned(await read(member), /partition 1, .*moving/);
    member.peers.owner = { kind: 'hidden' };
    await expectNotOwned(await read(member), /advertises no HTTP address/);
    const former = await answering(503, '{}');
    member.peers.owner = at(former.address);
    await expectNotOwned(await read(member), /does not hold it yet/);
    expect(former.seen).toHaveLength(2);
    expect(member.forwarded).toEqual(['moving', 'hidden', 'moving']);
  });

  it('is answered 503 when its worker is gone, or is silent for too long', async () => {
    const member = await givenMember(at('http://127.0.0.1:1'), { limits: { forwardTimeoutMs: 100 } });
    await expectNotOwned(await read(member), /cannot be reached \(connect ECONNREFUSED/);
    const silent = await answering(200, null);
    member.peers.owner = at(silent.address);
    await expectNotOwned(await read(member), /no answer for 100 ms/);
    expect(silent.seen).toHaveLength(1);
    expect(member.forwarded).toEqual(['unreachable', 'unreachable']);
  });

  it.each([
    ['401', 401, '{}', /answered 401/],
    ['a redirection, which is not followed', 302, '', /answered 302/],
    ['an answer that is too long', 200, 'x'.repeat(2000), /over 1000 bytes/],
  ])('is answered 503 when its worker answers %s', async (_name, status, body, why) => {
    const owner = await answering(status, body);
    const member = await givenMember(at(owner.address), { limits: { forwardMaxBytes: 1000 } });
    await expectNotOwned(await read(member), why);
  });

  it('is answered 503 where nothing is forwarded', async () => {
    await expectNotOwned(await read(await givenServer({ partitionCount: 2, serving: new PartialServing(2) })), /./);
  });
});

describe('a worker that was ready once', () => {
  it('goes on answering for what it has while partitions come and go', async () => {
    const serving = new PartialServing(2);
    serving.current = { kind: 'not-ready', reason: '0 of 1 partitions are restored' };
    const { url } = await givenServer({ partitionCount: 2, serving });
    const status = async (path: string): Promise<number> => (await fetch(url + path)).status;
    expect(await status('/users/u0/predictions/i1')).toBe(503);
    serving.current = { kind: 'ready' };
    expect(await status('/users/u0/predictions/i1')).toBe(200);
    serving.current = { kind: 'not-ready', reason: '1 of 2 partitions are restored' };
    expect(await status('/users/u0/predictions/i1')).toBe(200);
    expect(await status('/readyz')).toBe(503);
  });
});
