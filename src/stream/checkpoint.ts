/**
 * One checkpoint: prepare, publish and commit as one, settle (docs/architecture.md, "One checkpoint"). Before the commit
 * has happened everything can be put back; after it, nothing has to be. Memory never runs ahead of the log.
 */
import { CommitFailedError, CorruptStateError } from '../errors.ts';
import { emptySlot, slotsPerBlock, type Slot } from '../model/history.ts';
import type { Learner } from '../model/learner.ts';
import { rowLayout } from '../model/row-layout.ts';
import type { HistoryEntry } from '../ports/codec.ts';
import type { Checkpoint, ItemChange, Offset, StateChange } from '../ports/transport.ts';
import { historyKey, itemKey, settingsKey, sketchKey, sumsKey, taskKey, userKey } from './keys.ts';
import { encodeSums } from './stored-sums.ts';
import { Pace } from './pace.ts';
import { encodeStoredSettings, storedSettingsOf } from './stored-settings.ts';
import type { Task } from './task.ts';
import { encodeTaskNumbers } from './task-numbers.ts';

export type CheckpointResult =
  | { readonly kind: 'nothing-to-do' }
  | { readonly kind: 'committed'; readonly sizeBytes: number; readonly records: number }
  /** The batch was put back: process again from the task's next offset. */
  | { readonly kind: 'put-back'; readonly error: CommitFailedError };

/** Runs one checkpoint of a task. Throws what makes the task unusable (fenced, disk full, offset moved by others). */
export async function checkpoint(task: Task): Promise<CheckpointResult> {
  if (task.failure !== null) throw task.failure;
  if (!task.isDirty) {
    // Rows that were only reloaded for readers since the last checkpoint.
    task.settle(task.committedOffset);
    return { kind: 'nothing-to-do' };
  }
  const prepared = await prepare(task);
  try {
    await task.lease.commit(prepared);
  } catch (error) {
    if (!(error instanceof CommitFailedError)) {
      task.rollBack();
      throw error;
    }
    return recover(task, prepared, error);
  }
  return settled(task, prepared);
}

/** The outcome is unknown until the committed offset is read again. */
async function recover(task: Task, prepared: Checkpoint, error: CommitFailedError): Promise<CheckpointResult> {
  const { offset: committed, request } = await recoveredOffsets(task);
  const moves = prepared.nextOffset !== task.committedOffset || prepared.nextRequest !== null;
  // Recommendations alone move nothing that would tell: they are put back, and published once more.
  if (moves && committed === prepared.nextOffset && request === task.nextRequest) return settled(task, prepared);
  task.rollBack();
  if (committed === task.committedOffset && request === task.committedRequest) return { kind: 'put-back', error };
  task.failure = new CorruptStateError(
    `Partition ${task.partition} is committed up to ${committed}, where ${task.committedOffset} or ${prepared.nextOffset} was expected: ` +
      'somebody else moved it. The task stops and is restored from the store.',
    { partition: task.partition, committed, before: task.committedOffset, after: prepared.nextOffset },
  );
  throw task.failure;
}

/** While it is unknown what is committed, a further checkpoint could publish the same predictions twice. */
async function recoveredOffsets(task: Task): Promise<{ readonly offset: Offset; readonly request: Offset | null }> {
  try {
    return { offset: await task.lease.recover(), request: await task.lease.committedRequest() };
  } catch (error) {
    task.failure = error instanceof Error ? error : new Error(String(error));
    throw error;
  }
}

function settled(task: Task, prepared: Checkpoint): CheckpointResult {
  const records = prepared.nextOffset - task.committedOffset;
  task.settle(prepared.nextOffset);
  if (records > 0) task.settingsStored = true;
  return { kind: 'committed', sizeBytes: sizeOf(prepared), records };
}

/** With one partition there is nobody else who could follow it. */
const noDelta = new Uint8Array(0);

/** After-images of all that the batch touched. Takes turns with whoever else waits for the thread; the task stands still. */
async function prepare(task: Task): Promise<Checkpoint> {
  const pace = new Pace(task.tools.clock);
  const state: StateChange[] = [];
  const items: ItemChange[] = [];
  const { learner, images } = task;
  const { codec } = task.tools;
  const isFollowed = task.tools.partitionCount > 1;
  const slot = emptySlot();

  for (const id of learner.users.forgottenInBatch()) {
    state.push({ key: userKey(id), value: null });
    for (let block = 0; block < learner.users.history.blockCount; block++) {
      state.push({ key: historyKey(id, block), value: null });
    }
  }
  for (const row of learner.users.touchedRows()) {
    const values = learner.users.values(row);
    state.push({ key: userKey(learner.users.idOf(row)), value: codec.encodeUserRow({ layout: rowLayout, values }) });
    if (pace.isOver()) await pace.breathe();
  }
  for (const [row, block] of learner.users.touchedBlocks()) {
    const value = codec.encodeHistoryBlock(entriesOf(task, row, block, slot));
    state.push({ key: historyKey(learner.users.idOf(row), block), value });
    if (pace.isOver()) await pace.breathe();
  }
  for (const { row, afterImage, delta, sketched } of learner.own.touchedRows()) {
    const itemId = learner.items.idOf(row);
    items.push({
      itemId: itemKey(itemId),
      afterImage: codec.encodeItemContribution(images.numbers(afterImage)),
      delta: isFollowed ? codec.encodeItemContribution(images.numbers(delta)) : noDelta,
    });
    if (sketched) {
      items.push({
        itemId: sketchKey(itemId),
        afterImage: codec.encodeItemContribution(images.sketch(afterImage)),
        delta: isFollowed ? codec.encodeItemContribution(images.sketch(delta)) : noDelta,
      });
    }
    if (pace.isOver()) await pace.breathe();
  }
  if (learner.sums.touched) {
    items.push({
      itemId: sumsKey,
      afterImage: encodeSums(learner.sums.own),
      delta: noDelta, // few numbers in one record: followers take them as they are
    });
  }
  state.push(...task.eventIds.changes());
  state.push(...task.recommendations.changes());
  // Answers and recommendations alone leave nothing learned.
  if (task.isChanged) {
    state.push({ key: taskKey, value: encodeTaskNumbers(task) });
    if (!task.settingsStored) {
      state.push({ key: settingsKey, value: encodeStoredSettings(storedSettingsOf(task.tools)) });
    }
  }
  return {
    nextOffset: task.nextOffset,
    nextRequest: task.nextRequest === task.committedRequest ? null : task.nextRequest,
    state,
    items,
    predictions: task.predictions,
    deadLetters: task.deadLetters,
    receipts: task.receipts,
    recommendations: task.recommendations.records,
    answers: task.answers,
  };
}

/** `slot` is scratch: it is copied into its entry at once. */
function entriesOf({ learner }: Task, userRow: number, blockNumber: number, slot: Slot): (HistoryEntry | null)[] {
  const entries: (HistoryEntry | null)[] = [];
  const head = learner.users.head(userRow);
  for (let i = 0; i < slotsPerBlock; i++) {
    const isTaken = learner.users.history.read(head, blockNumber * slotsPerBlock + i, slot);
    entries.push(isTaken ? entryOf(learner, slot) : null);
  }
  return entries;
}

function entryOf(
  { items }: Learner,
  { itemRow, rating, weight, seconds, userResidual, itemResidual }: Slot,
): HistoryEntry {
  return { itemId: items.idOf(itemRow), rating, weight, ratedAtSeconds: seconds, userResidual, itemResidual };
}

function sizeOf(checkpoint: Checkpoint): number {
  const { state, items, predictions, deadLetters, receipts, recommendations, answers } = checkpoint;
  let bytes = 0;
  for (const { key, value } of state) bytes += key.length + (value?.length ?? 0);
  for (const { itemId, afterImage } of items) bytes += itemId.length + (afterImage?.length ?? 0);
  for (const output of [predictions, deadLetters, receipts, recommendations, answers]) {
    for (const { value } of output) bytes += value?.length ?? 0;
  }
  return bytes;
}
