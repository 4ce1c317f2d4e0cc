/** What a worker holds in memory, and what a store keeps of it, as text by name: equal text means equal bits. */
import { historyBlock } from './history-block.ts';
import type { StoredTables } from '../../src/adapters/embedded/embedded-store.ts';
import { itemField, userField } from '../../src/model/row-layout.ts';
import { sumsKey, taskKey } from '../../src/stream/keys.ts';
import { decodeSums } from '../../src/stream/stored-sums.ts';
import { decodeTaskNumbers } from '../../src/stream/task-numbers.ts';
import type { Task } from '../../src/stream/task.ts';
import type { Worker } from '../../src/stream/worker.ts';
import { flowCodec, smallSettings } from './flow-worker.ts';
import { wholeRow } from './whole-row.ts';

export type NamedState = Readonly<Record<string, string>>;

const hexOf = (cells: ArrayBufferView): string =>
  Buffer.from(cells.buffer, cells.byteOffset, cells.byteLength).toString('hex');

/** Everything that learning changes, by outside names, so that row numbers do not matter. */
export function memoryOf(worker: Worker): NamedState {
  const state: Record<string, string> = {};
  for (const task of worker.tasks.values()) taskMemory(task, state);
  for (let r = 0; r < worker.items.rowLimit; r++) {
    if (!worker.items.has(r)) continue;
    const { numbers, counts } = wholeRow(worker.items, r);
    state[`item ${worker.items.idOf(r)}`] = `${hexOf(numbers)} ${hexOf(counts)}`;
  }
  return state;
}

function taskMemory(task: Task, into: Record<string, string>): void {
  const { learner, partition } = task;
  const name = `task ${partition}`;
  learner.users.forEach((id, row) => {
    const blocks = Array.from({ length: learner.users.history.blockCount }, (_, block) =>
      historyBlock(learner, row, block).map(
        (slot) => slot && { ...slot, itemRow: undefined, item: learner.items.idOf(slot.itemRow) },
      ),
    );
    into[`${name} user ${id}`] = `${hexOf(learner.users.values(row))} ${JSON.stringify(blocks)}`;
  });
  learner.own.forEach((row, values) => {
    into[`${name} contribution ${learner.items.idOf(row)}`] = hexOf(values);
  });
  into[`${name} sums`] = hexOf(learner.sums.own);
  into[`${name} learner`] = hexOf(learner.state);
  into[`${name} score`] = hexOf(task.score.totals);
  into[`${name} events`] = String(task.eventIds.sequence);
  into[`${name} offset`] = String(task.nextOffset);
}

/** What a partition's task has committed. Groups of event ids are taken apart: where one ends depends on the checkpoints. */
export async function storedBy(store: StoredTables, partition: number): Promise<NamedState> {
  const state: Record<string, string> = {};
  const eventIds: [sequence: number, id: string][] = [];
  await store.visit(partition, {
    state(key, value) {
      if (key.startsWith('e/')) eventIds.push(...(JSON.parse(new TextDecoder().decode(value)) as typeof eventIds));
      // Neither what is still to be recommended nor what a schedule keeps beside the task is learned.
      else if (!key.startsWith('r/') && !key.startsWith('test/')) state[key] = hexOf(value);
    },
    item(itemId, afterImage) {
      state[itemId] = hexOf(afterImage);
    },
  });
  state['event ids'] = JSON.stringify(eventIds.sort(([a], [b]) => a - b));
  state['offset'] = String(store.committedOffset(partition));
  return state;
}

/** What a partition's task has counted, which does not depend on how its events interleaved with those of other tasks. */
export async function countsOf(store: StoredTables, partition: number): Promise<Readonly<Record<string, unknown>>> {
  const counts: Record<string, unknown> = {};
  const { k } = smallSettings;
  await store.visit(partition, {
    state(key, value) {
      if (key.startsWith('u/')) {
        const { values } = flowCodec.decodeUserRow(value);
        counts[key] = { ratings: values[k + userField.longCount], sequence: values[k + userField.sequence] };
      } else if (key.startsWith('h/')) {
        counts[key] = flowCodec
          .decodeHistoryBlock(value)
          .map((entry) => entry && { ...entry, userResidual: undefined, itemResidual: undefined });
      } else if (key === taskKey) {
        const { scoreTotals, sequence } = decodeTaskNumbers(value);
        counts[key] = { scored: scoreTotals.at(-1), sequence };
      }
    },
    item(key, afterImage) {
      if (key === sumsKey) counts[key] = { ratings: decodeSums(afterImage)[1] };
      else counts[key] = { ratings: flowCodec.decodeItemContribution(afterImage).values[k + itemField.weightSum] };
    },
  });
  return counts;
}
