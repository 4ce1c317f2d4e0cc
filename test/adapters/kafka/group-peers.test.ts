import { describe, expect, it } from 'vitest';
import { createGroupPeers, webAddress, type GroupPeersOptions } from '../../../src/adapters/kafka/group-peers.ts';

const one = 'http://one:8080';
const two = 'http://two:8080';
const elsewhere = (address: string) => ({ kind: 'elsewhere', address });

function givenPeers(owners: Map<number, string | null> | Error, options: Partial<GroupPeersOptions> = {}) {
  const warnings: unknown[] = [];
  const nothing = (): void => undefined;
  const group = { owners, questions: 0 };
  const peers = createGroupPeers({
    owners: () => {
      group.questions++;
      return group.owners instanceof Error ? Promise.reject(group.owners) : Promise.resolve(group.owners);
    },
    self: () => one,
    log: { debug: nothing, info: nothing, error: nothing, warn: (fields) => void warnings.push(fields) },
    pauseMs: 0,
    ...options,
  });
  return { peers, group, warnings };
}

describe('the peers of a worker', () => {
  it('are asked for once, for all partitions', async () => {
    const { peers, group } = givenPeers(
      new Map([
        [0, one],
        [1, two],
        [2, null],
      ]),
    );
    for (let round = 0; round < 3; round++) {
      expect(await peers.ownerOf(1)).toEqual(elsewhere(two));
      expect(await peers.ownerOf(2)).toEqual({ kind: 'hidden' });
    }
    await Promise.all([1, 1, 1].map((partition) => peers.ownerOf(partition)));
    expect(group.questions).toBe(1);
  });

  it('are never this worker itself', async () => {
    const { peers } = givenPeers(new Map([[0, one]]));
    expect(await peers.ownerOf(0)).toEqual({ kind: 'moving' });
  });

  it('are asked for again when a partition is missing, or one did not answer for it', async () => {
    const { peers, group } = givenPeers(new Map([[1, two]]));
    expect(await peers.ownerOf(3)).toEqual({ kind: 'moving' });
    group.owners = new Map([
      [1, 'http://three:1'],
      [3, two],
    ]);
    expect(await peers.ownerOf(3)).toEqual(elsewhere(two));
    peers.doubt(3, 'http://somebody:1'); // what was known before that is not in doubt
    expect(group.questions).toBe(2);
    peers.doubt(3, two);
    expect(await peers.ownerOf(3)).toEqual(elsewhere(two));
    expect(group.questions).toBe(3);
  });

  it('are forgotten when the group assigns anew, also those whose answer is on its way', async () => {
    const { peers, group } = givenPeers(new Map([[1, two]]));
    const late = peers.ownerOf(1);
    peers.forget();
    expect(await late).toEqual({ kind: 'moving' });
    group.owners = new Map([[1, 'http://three:1']]);
    expect(await peers.ownerOf(1)).toEqual(elsewhere('http://three:1'));
  });

  it('are asked for no more often than the pause allows', async () => {
    const { peers, group } = givenPeers(new Map(), { pauseMs: 60_000 });
    for (let round = 0; round < 5; round++) expect(await peers.ownerOf(round)).toEqual({ kind: 'moving' });
    expect(group.questions).toBe(1);
  });

  it('are moving while the group does not answer, however long it takes', async () => {
    const failing = givenPeers(new Error('no coordinator'));
    expect(await failing.peers.ownerOf(1)).toEqual({ kind: 'moving' });
    expect(failing.warnings).toEqual([{ reason: 'no coordinator' }]);
    const silent = givenPeers(new Map(), { patienceMs: 5, owners: () => new Promise(() => undefined) });
    expect(await silent.peers.ownerOf(1)).toEqual({ kind: 'moving' });
  });

  it.each(['ftp://x:1', 'file:///etc/passwd', 'http://user:secret@x:1', 'x:80', '', 'javascript:alert(1)'])(
    'are not spoken to at %j',
    async (address) => {
      expect(webAddress(address)).toBeNull();
      expect(await givenPeers(new Map([[1, address]])).peers.ownerOf(1)).toEqual({ kind: 'hidden' });
    },
  );
});
