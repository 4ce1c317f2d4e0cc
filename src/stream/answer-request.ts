/** One record of the requests topic: decode, predict, buffer the answer. Nothing is learned. */
import { RejectedRecordError } from '../errors.ts';
import type { AnsweredItem, Prediction, PredictionRequest } from '../ports/events.ts';
import type { InputRecord } from '../ports/transport.ts';
import { deadLetter } from './dead-letter.ts';
import type { Pace } from './pace.ts';
import { partitionOf } from './partition-of.ts';
import { rankFor } from './rank.ts';
import { ensureItem, ensureUser } from './restore.ts';
import type { Task } from './task.ts';

/** Takes turns with whoever else waits for the thread; the task stands still meanwhile. */
export async function answerRequest(task: Task, record: InputRecord, pace: Pace): Promise<void> {
  if (task.nextRequest !== null && record.offset < task.nextRequest) return;
  try {
    await answer(task, record, pace);
    task.counts.answered++;
  } catch (error) {
    if (!(error instanceof RejectedRecordError)) throw error;
    deadLetter(task, task.tools.requestsTopic, record, error);
  }
  task.nextRequest = record.offset + 1;
}

async function answer(task: Task, record: InputRecord, pace: Pace): Promise<void> {
  const { codec, clock } = task.tools;
  const request = requestIn(task, record);
  const { requestId, userId } = request;
  const answeredAtMs = clock.nowMs();
  const predictions = await predictionsFor(task, request, Math.floor(answeredAtMs / 1000), pace);
  const value = codec.encodeAnswer({
    requestId,
    userId,
    items: predictions.map(itemOf),
    modelVersions: predictions[0]?.modelVersions ?? {},
    coldUser: ensureUser(task, userId) < 0,
    answeredAtMs,
    sourcePartition: task.partition,
    sourceOffset: record.offset,
  });
  task.answers.push({ key: codec.encodeUserKey(userId), value });
}

function requestIn(task: Task, { value }: InputRecord): PredictionRequest {
  const { codec, partitionCount } = task.tools;
  if (value === null)
    throw new RejectedRecordError(
      'FRESHET_WRONG_TYPE',
      'the record has no value: a request is an object; fix the producer',
    );
  const request = codec.decodeRequest(value);
  const { userId } = request;
  const partition = partitionOf(codec.encodeUserKey(userId), partitionCount);
  if (partition === task.partition) return request;
  throw new RejectedRecordError(
    'FRESHET_REQUEST_INVALID',
    `user "${userId.slice(0, 80)}" belongs to partition ${partition}, and the request came in partition ${task.partition}; give the record the user id as its key, and leave the partition to it`,
    { partition },
  );
}

async function predictionsFor(
  task: Task,
  { userId, wanted }: PredictionRequest,
  seconds: number,
  pace: Pace,
): Promise<readonly Prediction[]> {
  if (wanted.kind === 'best') {
    const ranking = rankFor(task, userId, wanted.count, seconds);
    while (ranking.step()) if (pace.isOver()) await pace.breathe();
    return ranking.best();
  }
  const predictions: Prediction[] = [];
  for (const itemId of wanted.itemIds) {
    const answered = task.learner.predictOne(ensureUser(task, userId), ensureItem(task, itemId), seconds);
    predictions.push(task.draft.answerFor(answered, userId, itemId));
    if (pace.isOver()) await pace.breathe();
  }
  return predictions;
}

const itemOf = ({ itemId, prediction, low, high, coldItem }: Prediction): AnsweredItem => ({
  itemId,
  prediction,
  low,
  high,
  coldItem,
});
