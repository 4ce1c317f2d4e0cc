/**
 * One record of the ratings topic: decode, predict, score, learn, buffer (docs/architecture.md, "One rating"). Whatever
 * the bytes are, the stream goes on: what cannot be used goes to the dead letters untouched.
 */
import { RejectedRecordError } from '../errors.ts';
import { toInner } from '../model/scale.ts';
import type { Rating } from '../ports/events.ts';
import type { InputRecord } from '../ports/transport.ts';
import { deadLetter } from './dead-letter.ts';
import { ensureItem, ensureUser } from './restore.ts';
import type { Task } from './task.ts';

export type Outcome =
  | { readonly kind: 'applied' }
  | { readonly kind: 'withdrawn'; readonly remembered: boolean }
  | { readonly kind: 'forgotten'; readonly known: boolean }
  | { readonly kind: 'skipped'; readonly reason: 'already-applied' | 'duplicate-event-id' }
  | { readonly kind: 'rejected'; readonly error: RejectedRecordError };

const applied: Outcome = { kind: 'applied' };
const alreadyApplied: Outcome = { kind: 'skipped', reason: 'already-applied' };
const duplicateEventId: Outcome = { kind: 'skipped', reason: 'duplicate-event-id' };

/** Changes the task's memory only; nothing is durable before the next checkpoint. */
export function processRecord(task: Task, record: InputRecord): Outcome {
  if (record.offset < task.nextOffset) {
    task.counts.skipped++;
    return alreadyApplied;
  }
  const outcome = process(task, record);
  task.nextOffset = record.offset + 1;
  return outcome;
}

function process(task: Task, record: InputRecord): Outcome {
  const { codec } = task.tools;
  try {
    if (record.value === null) return forget(task, record, codec.decodeUserKey(record.key ?? new Uint8Array(0)));
    return take(task, record, codec.decodeRating(record.value));
  } catch (error) {
    if (!(error instanceof RejectedRecordError)) throw error;
    task.eventIds.add(null);
    deadLetter(task, task.tools.topic, record, error);
    return { kind: 'rejected', error };
  }
}

function take(task: Task, record: InputRecord, rating: Rating): Outcome {
  if (rating.eventId !== null && task.eventIds.isDuplicate(rating.eventId)) {
    task.eventIds.add(null);
    task.counts.skipped++;
    return duplicateEventId;
  }
  task.eventIds.add(rating.eventId);
  const seconds = Math.floor(rating.ratedAtMs / 1000);
  const { learner } = task;
  predict(task, record, rating, seconds);
  if (rating.rating === null) {
    const remembered = learner.withdraw(rating.userId, rating.itemId);
    task.counts.withdrawn++;
    if (remembered) task.recommendLater(rating.userId);
    return { kind: 'withdrawn', remembered };
  }
  learner.learnOne(rating.userId, rating.itemId, toInner(task.tools.scale, rating.rating), seconds, rating.weight);
  task.recommendLater(rating.userId);
  task.counts.applied++;
  return applied;
}

/** Answers, scores the answer, and buffers the prediction event. */
function predict(task: Task, record: InputRecord, rating: Rating, seconds: number): void {
  const { learner, tools } = task;
  const answer = learner.predictOne(ensureUser(task, rating.userId), ensureItem(task, rating.itemId), seconds);
  const nowMs = tools.clock.nowMs();
  const event = task.draft.event(answer, rating, record.offset, nowMs, learner.effort);
  task.predictions.push({ key: tools.codec.encodeUserKey(rating.userId), value: tools.codec.encodePrediction(event) });
  task.counts.predictions++;
  task.counts.eventTimeLagMs = Math.max(0, nowMs - rating.ratedAtMs);
  if (rating.rating === null) return;
  if (!task.live.isEmpty) task.live.add(answer, toInner(tools.scale, rating.rating));
  task.score.add(task.draft.expertAnswers, rating.rating, event.low <= rating.rating && rating.rating <= event.high);
}

/** Drops the user and buffers the receipt, also for a user of whom there is nothing: whoever asked waits for it. */
function forget(task: Task, record: InputRecord, userId: string): Outcome {
  const { learner, tools } = task;
  task.eventIds.add(null);
  const userRow = ensureUser(task, userId);
  let rememberedRatings = 0;
  if (userRow >= 0) learner.forEachRemembered(userRow, () => rememberedRatings++);
  const known = learner.forget(userId);
  task.counts.forgotten++;
  const receipt = tools.codec.encodeForgetReceipt({
    userId,
    known,
    rememberedRatings,
    forgottenAtMs: tools.clock.nowMs(),
    sourcePartition: task.partition,
    sourceOffset: record.offset,
  });
  const key = tools.codec.encodeUserKey(userId);
  task.receipts.push({ key, value: receipt });
  task.recommendations.forget(userId, key);
  return { kind: 'forgotten', known };
}
