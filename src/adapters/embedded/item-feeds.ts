/**
 * Item changes on their way to the members that follow them. Whoever follows lives in this process and starts from the
 * stored after-images, so the deltas since then are kept in memory and only while somebody still has to read them.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { ItemChange, ItemFeed, ItemFollower } from '../../ports/transport.ts';
import type { EngineReads } from './engine.ts';

/** Changes handed over before others may run: about a millisecond. */
const sliceChanges = 1000;

interface PublishedCommit {
  readonly commitCount: number;
  readonly items: readonly ItemChange[];
}

/** What one member has still to read of one partition. */
interface Inbox {
  readonly commits: PublishedCommit[];
  /** Commits up to this one were part of the contributions that following began with. */
  seenCommitCount: number;
}

export interface ItemFeeds {
  /** A member's own reading position on every partition. */
  open(member: object): ItemFeed;
  /** Forgets a member's positions. */
  close(member: object): void;
  /** A commit of one of the member's tasks is durable. */
  publish(partition: number, member: object, items: readonly ItemChange[]): void;
}

export function createItemFeeds(engine: EngineReads): ItemFeeds {
  const commitCounts = Array.from({ length: engine.partitionCount }, (_, p) => engine.mark(p).commitCount);
  const inboxes = new Map<object, Map<number, Inbox>>();

  function open(member: object): ItemFeed {
    const followed = new Map<number, Inbox>();
    inboxes.set(member, followed);
    let last: Promise<void> = Promise.resolve();

    async function follow(follower: ItemFollower, wanted: (partition: number) => boolean): Promise<void> {
      for (let partition = 0; partition < engine.partitionCount; partition++) {
        if (!wanted(partition)) continue;
        await drain(followed.get(partition) ?? (await begin(partition, follower)), partition, follower);
      }
    }

    /**
     * The inbox opens before the snapshot is taken, so every commit is in one of the two; those in both are dropped, also
     * those that are announced only after the snapshot has shown them.
     */
    async function begin(partition: number, follower: ItemFollower): Promise<Inbox> {
      const inbox: Inbox = { commits: [], seenCommitCount: 0 };
      followed.set(partition, inbox);
      const seen = await engine.visit(partition, {
        item: (itemId, afterImage) => follower.contribution(partition, itemId, afterImage),
      });
      inbox.seenCommitCount = seen.commitCount;
      return inbox;
    }

    return {
      read: (partition, itemId) => engine.readItem(partition, itemId),
      follow(follower, wanted) {
        last = last.catch(() => undefined).then(() => follow(follower, wanted));
        return last;
      },
      unfollow: (partition) => void followed.delete(partition),
    };
  }

  return {
    open,
    close: (member) => inboxes.delete(member),
    publish(partition, member, items) {
      const commitCount = (commitCounts[partition] ?? 0) + 1;
      commitCounts[partition] = commitCount;
      if (items.length === 0) return;
      for (const [reader, followed] of inboxes) {
        if (reader !== member) followed.get(partition)?.commits.push({ commitCount, items });
      }
    },
  };
}

async function drain({ commits, seenCommitCount }: Inbox, partition: number, follower: ItemFollower): Promise<void> {
  let changes = 0;
  let commit: PublishedCommit | undefined;
  while ((commit = commits.shift()) !== undefined) {
    if (commit.commitCount <= seenCommitCount) continue;
    for (const { itemId, afterImage, delta } of commit.items) {
      if (delta.length > 0 || afterImage === null) follower.delta(partition, itemId, delta);
      else follower.contribution(partition, itemId, afterImage);
    }
    changes += commit.items.length;
    if (changes < sliceChanges) continue;
    changes = 0;
    await breathe();
  }
}
