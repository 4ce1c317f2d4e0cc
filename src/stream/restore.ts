/** Brings a task back to its last checkpoint, and single rows back into memory after they were evicted. */
import { emptySlot, slotsPerBlock } from '../model/history.ts';
import { historyKey, itemKey, parseItemsKey, parseStateKey, sketchKey, unknownKey, userKey } from './keys.ts';
import { rowOf } from './stored-row.ts';
import { decodeSums } from './stored-sums.ts';
import { decodeStoredSettings, refuseOtherSettings, storedSettingsOf } from './stored-settings.ts';
import type { Task, Tasks } from './task.ts';
import { decodeTaskNumbers } from './task-numbers.ts';

/** Before-images of restored rows are dropped this often: they are not needed, and would double the memory. */
const settleEvery = 1000;

/** Restores everything that fits under the caps; returns the number of stored records visited. */
export async function restoreTask(task: Task): Promise<number> {
  let records = 0;
  let sequence = 0;
  const counted = (): void => {
    if (++records % settleEvery === 0) task.learner.settle();
  };
  await task.lease.restore({
    state(key, value) {
      const parsed = parseStateKey(key);
      switch (parsed.kind) {
        case 'user':
          if (hasRoom(task, parsed.userId)) loadUser(task, parsed.userId, value);
          break;
        case 'history':
          if (hasRoom(task, parsed.userId)) loadHistoryBlock(task, parsed.userId, parsed.blockNumber, value);
          break;
        case 'recommendation':
          task.recommendations.restored(parsed.userId, task.tools.recommendations > 0);
          break;
        case 'event-ids':
          task.eventIds.restoreGroup(key, value);
          break;
        case 'task': {
          const numbers = decodeTaskNumbers(value);
          task.learner.state.set(numbers.learnerState);
          task.score.restore(numbers.scoreTotals);
          sequence = numbers.sequence;
          if (task.tools.effortFollowsLoad) task.nextEffort = numbers.effort;
          break;
        }
        case 'settings':
          refuseOtherSettings(decodeStoredSettings(value), storedSettingsOf(task.tools));
          task.settingsStored = true;
          break;
        case 'unknown':
          throw unknownKey(task.partition, key);
      }
      counted();
    },
    item(key, value) {
      const parsed = parseItemsKey(key);
      switch (parsed.kind) {
        case 'numbers':
          loadNumbers(task, task.learner.items.ensure(parsed.itemId), value);
          break;
        case 'sketch':
          loadSketch(task, task.learner.items.ensure(parsed.itemId), value);
          break;
        case 'sums':
          task.learner.sums.load(decodeSums(value));
          break;
        case 'unknown':
          throw unknownKey(task.partition, key);
      }
      counted();
    },
  });
  task.eventIds.restored(sequence);
  const offset = await task.lease.committedOffset();
  task.nextOffset = offset;
  task.nextRequest = await task.lease.committedRequest();
  task.settle(offset);
  return records;
}

/** The user's row in memory, fetched from the store when it was evicted; -1 when there is none. */
export function ensureUser(task: Task, userId: string): number {
  const { users } = task.learner;
  const row = users.find(userId);
  if (row >= 0) {
    users.markUsed(row);
    return row;
  }
  // What the store still has of a user who was just forgotten must not come back.
  if (!task.usersIncomplete || users.forgottenInBatch().has(userId)) return -1;
  const stored = task.lease.readState(userKey(userId));
  if (stored === undefined) return -1;
  loadUser(task, userId, stored);
  for (let block = 0; block < users.history.blockCount; block++) {
    const bytes = task.lease.readState(historyKey(userId, block));
    if (bytes !== undefined) loadHistoryBlock(task, userId, block, bytes);
  }
  return users.find(userId);
}

/** The item's row in memory, fetched from the store when it was evicted; -1 when there is none. */
export function ensureItem(task: Task, itemId: string): number {
  const { items } = task.learner;
  const row = items.find(itemId);
  if (row >= 0 || !items.incomplete) return row;
  for (const peer of task.peers.values()) {
    if (peer.lease.readItem(itemKey(itemId)) !== undefined) return items.ensure(itemId);
  }
  return -1;
}

/** Fetches what these tasks have stored of an item that was evicted, or not restored. */
export function reloadItem(tasks: Tasks, itemId: string, row: number): void {
  for (const task of tasks.values()) {
    const numbers = task.lease.readItem(itemKey(itemId));
    if (numbers === undefined) continue;
    loadNumbers(task, row, numbers);
    const sketch = task.learner.items.sketchCells > 0 ? task.lease.readItem(sketchKey(itemId)) : undefined;
    if (sketch !== undefined) loadSketch(task, row, sketch);
  }
}

function hasRoom(task: Task, userId: string): boolean {
  const { users } = task.learner;
  if (users.size < task.tools.maxUsers || users.find(userId) >= 0) return true;
  task.usersIncomplete = true;
  return false;
}

function loadUser(task: Task, userId: string, bytes: Uint8Array): void {
  task.learner.loadUser(userId, rowOf(task.tools.codec.decodeUserRow(bytes)));
}

function loadNumbers({ learner, images, tools }: Task, row: number, bytes: Uint8Array): void {
  learner.own.loadNumbers(row, images.numbersOf(tools.codec.decodeItemContribution(bytes)));
}

function loadSketch({ learner, images, tools }: Task, row: number, bytes: Uint8Array): void {
  learner.own.loadSketch(row, images.sketchOf(tools.codec.decodeItemContribution(bytes)));
}

function loadHistoryBlock(task: Task, userId: string, blockNumber: number, bytes: Uint8Array): void {
  const slot = emptySlot();
  task.tools.codec.decodeHistoryBlock(bytes).forEach((entry, i) => {
    if (entry === null) return;
    slot.itemRow = task.learner.items.ensure(entry.itemId);
    slot.rating = entry.rating;
    slot.weight = entry.weight;
    slot.seconds = entry.ratedAtSeconds;
    slot.userResidual = entry.userResidual;
    slot.itemResidual = entry.itemResidual;
    task.learner.loadSlot(userId, blockNumber * slotsPerBlock + i, slot);
  });
}
