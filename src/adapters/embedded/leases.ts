/** The right to process a partition: opened here, fenced here. */
import { CommitFailedError, FencedError, FreshetError, InvariantViolation } from '../../errors.ts';
import type { Checkpoint, Offset, PartitionLease } from '../../ports/transport.ts';
import type { Engine, WriteUnit } from './engine.ts';
import type { ItemFeeds } from './item-feeds.ts';

export type WriteKind = 'append' | 'commit' | 'lease';

/**
 * What happens around a write, for those who must see it fail. What `before` throws keeps the write from happening; what
 * `after` throws hides that it did happen.
 */
export interface WriteHooks {
  readonly before?: (kind: WriteKind, partition: number) => void | Promise<void>;
  readonly after?: (kind: WriteKind, partition: number) => void | Promise<void>;
}

export interface HeldLease extends PartitionLease {
  /** False once a later lease was opened or this one was given back. */
  isHeld(): boolean;
  /** Where delivery has to go back to because the lease was recovered; null when it has not been since the last call. */
  takeRewind(): Offset | null;
  /** Its commits fail from now on. */
  giveBack(): void;
}

export interface Leases {
  /** Fences every earlier lease of the partition; what they had under way is settled when this resolves. */
  open(partition: number, member: object): Promise<HeldLease>;
  /** Calls the listener when a lease is opened or recovered; returns how to stop. */
  onChanged(listener: (partition: number) => void): () => void;
}

export interface LeaseParts {
  readonly engine: Engine;
  readonly feeds: ItemFeeds;
  readonly hooks: WriteHooks;
  /** Called after every durable commit. */
  readonly committed: (partition: number, checkpoint: Checkpoint) => void;
}

export function createLeases({ engine, feeds, hooks, committed }: LeaseParts): Leases {
  /** Runs ahead of the stored epoch only while the unit that raises it is on its way. */
  const epochs = Array.from({ length: engine.partitionCount }, (_, partition) => engine.mark(partition).epoch);
  const listeners = new Set<(partition: number) => void>();

  async function raiseEpoch(partition: number): Promise<number> {
    const epoch = (epochs[partition] ?? 0) + 1;
    epochs[partition] = epoch;
    for (const listener of listeners) listener(partition);
    const task = { partition, epoch, nextOffset: null, state: [], items: [] };
    await hookedWrite(engine, hooks, 'lease', partition, {
      appends: [],
      task,
      guard: () => undefined,
      durable: () => undefined,
    });
    return epoch;
  }

  async function open(partition: number, member: object): Promise<HeldLease> {
    let epoch = await raiseEpoch(partition);
    let givenBack = false;
    let rewindTo: Offset | null = null;
    const isHeld = (): boolean => !givenBack && epochs[partition] === epoch;
    const assertHeld = (asEpoch: number): void => {
      if (givenBack || epochs[partition] !== asEpoch) throw fenced(partition, asEpoch);
    };

    return {
      partition,
      isHeld,
      takeRewind() {
        const offset = rewindTo;
        rewindTo = null;
        return offset;
      },
      giveBack() {
        givenBack = true;
      },
      committedOffset: () => Promise.resolve(engine.mark(partition).committedOffset),
      // Requests come over HTTP.
      committedRequest: () => Promise.resolve(null),
      async restore(visitor) {
        await engine.visit(partition, {
          state: (key, value) => visitor.state(key, value),
          item: (itemId, afterImage) => visitor.item(itemId, afterImage),
        });
      },
      readState: (key) => engine.readState(partition, key),
      readItem: (itemId) => engine.readItem(partition, itemId),
      async commit(checkpoint) {
        const asEpoch = epoch; // recovering fences what the lease had under way, too
        assertHeld(asEpoch);
        await hookedWrite(engine, hooks, 'commit', partition, {
          appends: outputsOf(partition, checkpoint),
          task: { ...checkpoint, partition, epoch: null },
          guard() {
            assertHeld(asEpoch);
            refuseImpossibleOffset(engine, partition, checkpoint.nextOffset);
          },
          durable() {
            feeds.publish(partition, member, checkpoint.items);
            committed(partition, checkpoint);
          },
        });
      },
      async recover() {
        assertHeld(epoch);
        const raising = raiseEpoch(partition);
        epoch = epochs[partition] ?? epoch;
        assertHeld(await raising);
        const { committedOffset } = engine.mark(partition);
        rewindTo = committedOffset;
        for (const listener of listeners) listener(partition);
        return committedOffset;
      },
    };
  }

  return {
    open,
    onChanged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Writes the unit between the hooks; errors that are not ours become CommitFailedError. */
export async function hookedWrite(
  engine: Engine,
  hooks: WriteHooks,
  kind: WriteKind,
  partition: number,
  unit: WriteUnit,
): Promise<void> {
  try {
    await hooks.before?.(kind, partition);
    await engine.write(unit);
    await hooks.after?.(kind, partition);
  } catch (error) {
    if (error instanceof FreshetError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new CommitFailedError(
      `The ${kind} of partition ${partition} failed (${why}). Recover and process again.`,
      { kind, partition },
      error,
    );
  }
}

function outputsOf(
  partition: number,
  { predictions, deadLetters, receipts, recommendations }: Checkpoint,
): WriteUnit['appends'] {
  const outputs = [
    { topic: 'predictions', partition, records: predictions },
    { topic: 'dead-letters', partition, records: deadLetters },
    { topic: 'receipts', partition, records: receipts },
    { topic: 'recommendations', partition, records: recommendations },
  ] as const;
  return outputs.filter(({ records }) => records.length > 0);
}

/** A committed offset that goes back, or past the end, would apply ratings twice or never. */
function refuseImpossibleOffset(engine: Engine, partition: number, nextOffset: Offset): void {
  const { committedOffset } = engine.mark(partition);
  const end = engine.end('ratings', partition);
  if (Number.isSafeInteger(nextOffset) && nextOffset >= committedOffset && nextOffset <= end) return;
  throw new InvariantViolation(
    `A checkpoint of partition ${partition} was to commit offset ${nextOffset}, outside ${committedOffset}..${end}. Please report it.`,
    { partition, nextOffset, committedOffset, end },
  );
}

function fenced(partition: number, epoch: number): FencedError {
  return new FencedError(
    `Partition ${partition} belongs to a later lease than epoch ${epoch}: nothing was written. Drop the task.`,
    { partition, epoch },
  );
}
