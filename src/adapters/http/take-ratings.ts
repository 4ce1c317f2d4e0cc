/** POST /ratings: check every entry, store the good ones, answer the bad ones one by one. */
import { RejectedRecordError, StorageFullError } from '../../errors.ts';
import type { EventCodec, RatingDecoder } from '../../ports/codec.ts';
import type { Log } from '../../ports/log.ts';
import type { Serving } from '../../ports/serving.ts';
import type { Offset, OutputRecord, RatingsLog } from '../../ports/transport.ts';
import { createDater } from './receive-time.ts';
import { errorBody, HttpProblem, type ErrorBody } from './problem.ts';
import type { IntakeGate } from './intake-gate.ts';
import type { HttpLimits } from './limits.ts';
import type { Entries } from './ratings-body.ts';
import { sliceMs, type Turns } from './turns.ts';

/** An entry that was refused; its index counts the request's entries from 0. */
export interface EntryError {
  readonly index: number;
  readonly code: string;
  readonly reason: string;
}

/** Where accepted ratings are: `count` offsets of a partition from `first` on. */
export interface StoredRun {
  readonly partition: number;
  readonly first: Offset;
  readonly count: number;
}

export interface RatingsAnswer {
  readonly accepted: number;
  readonly rejected: number;
  readonly offsets: readonly StoredRun[];
  readonly errors: readonly EntryError[];
}

export interface RatingsReply {
  readonly status: number;
  readonly body: RatingsAnswer | (RatingsAnswer & ErrorBody);
}

export interface RatingsIntake {
  readonly serving: Pick<Serving, 'partitionOf'>;
  readonly ratingsLog: RatingsLog;
  readonly codec: RatingDecoder & EventCodec;
  readonly gate: IntakeGate;
  readonly limits: HttpLimits;
  readonly turns: Turns;
  readonly nowMs: () => number;
  /** Dotted path of the rating's time in an entry; the time of receipt is put there when it is missing. */
  readonly timeField: string;
  readonly log: Log;
}

interface Checked {
  readonly byPartition: ReadonlyMap<number, OutputRecord[]>;
  readonly errors: readonly EntryError[];
}

/** Enough entries for the clock not to matter, few enough for a slice. */
const entriesPerClockRead = 32;
const reasonMaxLength = 500;

/** Returns when all that is accepted is durable. Throws OverloadedError, StorageFullError or HttpProblem when nothing is. */
export async function takeRatings(intake: RatingsIntake, entries: Entries): Promise<RatingsReply> {
  const { ratingsPerRequestMaxCount } = intake.limits;
  if (entries.count > ratingsPerRequestMaxCount) {
    throw new HttpProblem(
      'FRESHET_TOO_MANY_RATINGS',
      `the request has ${entries.count} ratings, the limit is ${ratingsPerRequestMaxCount}; nothing was accepted, send smaller batches`,
    );
  }
  const release = intake.gate.admitRatings(entries.count);
  try {
    const checked = await check(intake, entries);
    if (checked.byPartition.size === 0) return nothingUsable(entries.count, checked.errors);
    return await store(intake, checked);
  } finally {
    release();
  }
}

/** Decodes in slices: other requests and the learner run in between. */
async function check(intake: RatingsIntake, entries: Entries): Promise<Checked> {
  const byPartition = new Map<number, OutputRecord[]>();
  const errors: EntryError[] = [];
  const date = createDater(intake.timeField, intake.nowMs());
  if (entries.count > entriesPerClockRead) await intake.turns();
  let sliceEndsMs = performance.now() + sliceMs;
  for (let index = 0; index < entries.count; index++) {
    if (index > 0 && index % entriesPerClockRead === 0 && performance.now() >= sliceEndsMs) {
      await intake.turns();
      sliceEndsMs = performance.now() + sliceMs;
    }
    try {
      keep(intake, date(entries.at(index)), byPartition);
    } catch (error) {
      if (!(error instanceof RejectedRecordError)) throw error;
      errors.push({ index, code: error.code, reason: error.message.slice(0, reasonMaxLength) });
    }
  }
  return { byPartition, errors };
}

function keep(intake: RatingsIntake, entry: unknown, byPartition: Map<number, OutputRecord[]>): void {
  const rating = intake.codec.toRating(entry);
  const record = { key: intake.codec.encodeUserKey(rating.userId), value: intake.codec.encodeRating(rating) };
  const partition = intake.serving.partitionOf(rating.userId);
  const records = byPartition.get(partition);
  if (records === undefined) byPartition.set(partition, [record]);
  else records.push(record);
}

function nothingUsable(count: number, errors: readonly EntryError[]): RatingsReply {
  const why = count === 0 ? 'it holds none' : `all ${count} were refused, see errors`;
  const error = errorBody('FRESHET_NOTHING_USABLE', `no rating of the request can be used: ${why}`);
  return { status: 400, body: { ...error, accepted: 0, rejected: count, offsets: [], errors } };
}

/**
 * One append a partition. Partitions are independent, so one may fail after another has stored: the answer then says
 * what is stored, and never is a 429, which promises that nothing was.
 */
async function store(intake: RatingsIntake, { byPartition, errors }: Checked): Promise<RatingsReply> {
  const runs = [...byPartition];
  const results = await Promise.allSettled(
    runs.map(async ([partition, records]): Promise<StoredRun> => {
      const first = await intake.ratingsLog.append(partition, records);
      return { partition, first, count: records.length };
    }),
  );
  const offsets = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  if (failures.length > 0 && offsets.length === 0) throw failures[0];
  const accepted = offsets.reduce((sum, run) => sum + run.count, 0);
  const answer: RatingsAnswer = { accepted, rejected: errors.length, offsets, errors };
  if (failures.length === 0) return { status: 202, body: answer };
  for (const error of failures) intake.log.error({ error }, 'ratings stored in part');
  return partlyStored(answer, failures);
}

function partlyStored(answer: RatingsAnswer, failures: readonly unknown[]): RatingsReply {
  const full = failures.find((failure) => failure instanceof StorageFullError);
  const error = errorBody(
    'FRESHET_PARTLY_STORED',
    `${answer.accepted} ratings are stored, the others are not: ${full?.message ?? 'their partitions did not take them'}. ` +
      'Repeat the whole request: ratings that carry an eventId are learned once',
  );
  return { status: full === undefined ? 503 : 507, body: { ...error, ...answer } };
}
