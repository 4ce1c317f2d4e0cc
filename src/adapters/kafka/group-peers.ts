/**
 * Who of the group answers for a partition, from what members say of themselves when they join. The group is asked when
 * something is missing, at most so often, whoever needs it; an assignment makes everything known before it void.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../ports/log.ts';
import type { PartitionOwner, Peers } from '../../ports/peers.ts';
import { messageOf } from './kafka-error.ts';

export interface GroupPeersOptions {
  /** As the group has settled it; asks the group. Partitions that are moving are missing. */
  readonly owners: () => Promise<ReadonlyMap<number, string | null>>;
  /** This worker's own address. */
  readonly self: () => string | null;
  readonly log: Log;
  /** Least time between two questions to the group; 200 ms when not given. */
  readonly pauseMs?: number;
  /** How long somebody waits for the group's answer; 1 s when not given. */
  readonly patienceMs?: number;
}

export interface GroupPeers extends Peers {
  /** Partitions may have moved. */
  forget(): void;
}

const moving: PartitionOwner = { kind: 'moving' };
const hidden: PartitionOwner = { kind: 'hidden' };

export function createGroupPeers(options: GroupPeersOptions): GroupPeers {
  const { owners, self, log, pauseMs = 200, patienceMs = 1000 } = options;
  const known = new Map<number, PartitionOwner>();
  /** Raised when what is on its way may be outdated. */
  let generation = 0;
  let askedMs = -Infinity;
  let asking: Promise<void> | null = null;

  async function ask(): Promise<void> {
    const asked = generation;
    try {
      const found = await owners();
      if (asked !== generation) return;
      known.clear();
      for (const [partition, address] of found) known.set(partition, ownerAt(address));
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'the group does not say who owns which partition');
    } finally {
      askedMs = performance.now();
      asking = null;
    }
  }

  function ownerAt(address: string | null): PartitionOwner {
    const url = webAddress(address);
    if (url === null) return hidden;
    // This worker answers by itself what it can.
    return url === self() ? moving : { kind: 'elsewhere', address: url };
  }

  return {
    async ownerOf(partition) {
      const owner = known.get(partition);
      if (owner?.kind === 'elsewhere' || owner?.kind === 'hidden') return owner;
      if (asking === null && performance.now() - askedMs >= pauseMs) asking = ask();
      if (asking !== null) await Promise.race([asking, delay(patienceMs, undefined, { ref: false })]);
      return known.get(partition) ?? moving;
    },
    doubt(partition, address) {
      const owner = known.get(partition);
      if (owner?.kind === 'elsewhere' && owner.address === address) known.delete(partition);
    },
    forget() {
      generation++;
      known.clear();
    },
  };
}

/** Cards are written by other processes: nothing but a web address is spoken to, and nothing in it is a login. */
export function webAddress(address: string | null): string | null {
  if (address === null || !URL.canParse(address)) return null;
  const { protocol, host, pathname, username, password } = new URL(address);
  if (!/^https?:$/.test(protocol) || username !== '' || password !== '') return null;
  return `${protocol}//${host}${pathname}`.replace(/\/+$/, '');
}
