/**
 * Group commit: while one group of units is being made durable, the next gathers, so that a flush is shared by all who
 * came during the last one. One group at a time keeps the order of the calls and lets offsets follow on each other.
 */
import { CommitFailedError } from '../../errors.ts';
import type { Offset } from '../../ports/transport.ts';
import type { WriteUnit } from './engine.ts';

/** A group takes no further unit once it holds this many changes: it bounds how long the thread is held at once. */
const fullGroupChanges = 1500;

export interface PreparedUnit<P> {
  readonly unit: WriteUnit;
  readonly prepared: P;
}

export interface WriteSteps<P> {
  /** Checks and encodes a unit; what it throws refuses that unit alone. */
  prepare(unit: WriteUnit): Promise<P>;
  changeCount(prepared: P): number;
  /** Makes a group durable as one; resolves with the first offsets of every unit's appends, or changes nothing. */
  writeGroup(group: readonly PreparedUnit<P>[]): Promise<readonly (readonly Offset[])[]>;
}

export interface WriteQueue {
  write(unit: WriteUnit): Promise<void>;
  /** Refuses new units and resolves when all the others are settled. */
  close(): Promise<void>;
  /** As if the process had died: nothing that is waiting gets written. */
  abandon(): void;
}

interface Waiting<P> {
  readonly unit: WriteUnit;
  readonly prepared: Promise<P>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createWriteQueue<P>(steps: WriteSteps<P>): WriteQueue {
  let waiting: Waiting<P>[] = [];
  let closed = false;
  let abandoned = false;
  let draining: Promise<void> | null = null;

  function write(unit: WriteUnit): Promise<void> {
    if (closed) return Promise.reject(closedError());
    const prepared = steps.prepare(unit);
    prepared.catch(() => undefined); // reported when its turn comes
    return new Promise((resolve, reject) => {
      waiting.push({ unit, prepared, resolve, reject });
      draining ??= drain();
    });
  }

  async function drain(): Promise<void> {
    await Promise.resolve(); // `draining` is set before the first look
    while (waiting.length > 0) {
      const group = await gather();
      // From here to the write no other group comes in between: what a guard has seen of offsets still holds.
      const allowed = group.filter(({ entry }) => passesGuard(entry));
      if (allowed.length === 0) continue;
      try {
        const offsets = await steps.writeGroup(allowed.map(({ entry, prepared }) => ({ unit: entry.unit, prepared })));
        for (const [index, { entry }] of allowed.entries()) {
          entry.unit.durable(offsets[index] ?? []);
          entry.resolve();
        }
      } catch (error) {
        for (const { entry } of allowed) entry.reject(error);
      }
    }
    draining = null; // in the same turn as the last look: what comes later starts anew
  }

  async function gather(): Promise<{ entry: Waiting<P>; prepared: P }[]> {
    const group: { entry: Waiting<P>; prepared: P }[] = [];
    let changes = 0;
    let entry: Waiting<P> | undefined;
    while (changes < fullGroupChanges && (entry = waiting[0]) !== undefined) {
      const head = entry;
      await head.prepared.then(
        (prepared) => {
          group.push({ entry: head, prepared });
          changes += steps.changeCount(prepared);
        },
        (error: unknown) => head.reject(error),
      );
      if (waiting[0] === head) waiting.shift();
    }
    return group;
  }

  function passesGuard(entry: Waiting<P>): boolean {
    try {
      if (abandoned) throw closedError();
      entry.unit.guard();
      return true;
    } catch (error) {
      entry.reject(error);
      return false;
    }
  }

  return {
    write,
    async close() {
      closed = true;
      await draining;
    },
    abandon() {
      closed = true;
      abandoned = true;
      const dropped = waiting;
      waiting = [];
      for (const entry of dropped) entry.reject(closedError());
    },
  };
}

function closedError(): CommitFailedError {
  return new CommitFailedError('The write was refused: the log is closed. Send it again once the worker runs.');
}
