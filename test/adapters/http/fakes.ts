/** In-memory stand-ins for what the HTTP server talks to. */
import { RejectedRecordError } from '../../../src/errors.ts';
import type { EventCodec, RatingDecoder } from '../../../src/ports/codec.ts';
import type {
  DeadLetter,
  ForgetReceipt,
  PredictionAnswer,
  Recommendations,
  Prediction,
  PredictionEvent,
  Rating,
} from '../../../src/ports/events.ts';
import type { DeadLetterBox, RetryResult, ShownLetter } from '../../../src/ports/dead-letters.ts';
import type { Log } from '../../../src/ports/log.ts';
import type { Explanation, Readiness, Serving, UserView } from '../../../src/ports/serving.ts';
import type { StatsSource, WorkerStats } from '../../../src/ports/telemetry.ts';
import type {
  InputRecord,
  Offset,
  OutputRecord,
  RatingsLog,
  TopicName,
  TopicReader,
} from '../../../src/ports/transport.ts';

export class FakeServing implements Serving {
  current: Readiness = { kind: 'ready' };
  readonly partitionCount: number;
  constructor(partitionCount: number) {
    this.partitionCount = partitionCount;
  }
  predict(userId: string, itemId: string): Prediction {
    return predictionOf(userId, itemId);
  }
  explain(userId: string, itemId: string): Explanation {
    const reasons = [{ kind: 'user', moved: 0.25 }] as const;
    const ratings = [{ itemId: 'i2', rating: 4, ratedAtMs: 5_000, moved: 0.125 }];
    return { ...predictionOf(userId, itemId), reasons, ratings };
  }
  user(userId: string): UserView {
    const history = [{ itemId: 'i2', rating: 4, ratedAtMs: 5_000 }];
    return { userId, isKnown: true, ratingsLearned: 1, level: 0.25, history };
  }
  recommend(_userId: string, count: number) {
    return Array.from({ length: count }, (_, index) => ({
      itemId: `i${index}`,
      prediction: 5 - index / 100,
      rank: index,
    }));
  }
  /** By the last digit of the id, so that tests choose the partition. */
  partitionOf(userId: string): number {
    return (Number(userId.at(-1)) || 0) % this.partitionCount;
  }
  readiness(): Readiness {
    return this.current;
  }
}

export function predictionOf(userId: string, itemId: string): Prediction {
  return {
    userId,
    itemId,
    prediction: 3.75,
    low: 2.5,
    high: 5,
    parts: { mean: 3.5, userBias: 0.25, itemBias: 0, interaction: 0 },
    experts: { mean: 3.5, bias: 3.75 },
    networkWeights: {},
    modelVersions: {},
    coldUser: true,
    coldItem: false,
  };
}

export class FakeRatingsLog implements RatingsLog {
  readonly partitions: OutputRecord[][] = [];
  waiting = 0;
  failures = new Map<number, Error>();
  /** When set, appends wait for it. */
  gate: Promise<void> | undefined;
  appends = 0;
  async append(partition: number, records: readonly OutputRecord[]): Promise<Offset> {
    this.appends++;
    await this.gate;
    const failure = this.failures.get(partition);
    if (failure !== undefined) throw failure;
    const log = (this.partitions[partition] ??= []);
    log.push(...records);
    return log.length - records.length;
  }
  backlog(): number {
    return this.waiting;
  }
  get count(): number {
    return this.partitions.reduce((sum, records) => sum + records.length, 0);
  }
}

/** Values are JSON text; the checks are the few that the tests need. */
export const fakeCodec: RatingDecoder & EventCodec = {
  decodeRating: (value) => fakeCodec.toRating(JSON.parse(Buffer.from(value).toString())),
  toRating(value): Rating {
    if (typeof value !== 'object' || value === null) {
      throw new RejectedRecordError('FRESHET_WRONG_TYPE', 'not an object');
    }
    const fields = value as Record<string, unknown>;
    if (typeof fields.userId !== 'string' || fields.userId === '') {
      throw new RejectedRecordError('FRESHET_ID_INVALID', 'no userId');
    }
    const rating = fields.rating as number | null;
    if (rating !== null && !(rating >= 1 && rating <= 5)) {
      throw new RejectedRecordError('FRESHET_RATING_OUTSIDE_SCALE', `rating ${String(rating)} is outside 1..5`);
    }
    return {
      userId: fields.userId,
      itemId: String(fields.itemId),
      rating,
      ratedAtMs: new Date(fields.ratedAt as string | number).getTime(),
      eventId: null,
      weight: 1,
    };
  },
  decodeUserKey: (key) => Buffer.from(key).toString(),
  schemaIdOf: () => null,
  encodeRating: (rating) => Buffer.from(JSON.stringify(rating)),
  encodeUserKey: (userId) => Buffer.from(userId),
  encodePrediction: (event) => Buffer.from(JSON.stringify(event)),
  decodePrediction: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as PredictionEvent,
  encodeAnswer: (answer) => Buffer.from(JSON.stringify(answer)),
  decodeAnswer: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as PredictionAnswer,
  encodeRecommendations: (recommendations) => Buffer.from(JSON.stringify(recommendations)),
  decodeRecommendations: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as Recommendations,
  encodeForgetReceipt: (receipt) => Buffer.from(JSON.stringify(receipt)),
  decodeForgetReceipt: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as ForgetReceipt,
  encodeDeadLetter: (letter) => Buffer.from(JSON.stringify(letter)),
  decodeDeadLetter: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as DeadLetter,
};

export class FakeTopicReader implements TopicReader {
  readonly partitions: InputRecord[][];
  readonly listeners = new Set<(partition: number) => void>();
  reads = 0;
  constructor(partitionCount: number) {
    this.partitions = Array.from({ length: partitionCount }, () => []);
  }
  read(_topic: TopicName, partition: number, from: Offset, limit: number): readonly InputRecord[] {
    this.reads++;
    return this.partitions[partition]!.filter(({ offset }) => offset >= from).slice(0, limit);
  }
  end(_topic: TopicName, partition: number): Offset {
    return (this.partitions[partition]!.at(-1)?.offset ?? -1) + 1;
  }
  onAppend(_topic: TopicName, listener: (partition: number) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  /** Appends predictions for these users, and tells the listeners. */
  publish(partition: number, ...userIds: string[]): void {
    for (const userId of userIds) {
      const event = predictionEventOf(userId, partition);
      this.partitions[partition]!.push({
        offset: this.end('predictions', partition),
        key: Buffer.from(userId),
        value: fakeCodec.encodePrediction(event),
      });
    }
    for (const listener of this.listeners) listener(partition);
  }
}

function predictionEventOf(userId: string, partition: number): PredictionEvent {
  return {
    ...predictionOf(userId, 'i1'),
    eventId: null,
    rating: 4,
    ratedAtMs: 1,
    predictedAtMs: 2,
    sourcePartition: partition,
    sourceOffset: 0,
    effort: 'balanced',
  };
}

/** Letters by place; a retry takes place 0:0 alone, once. */
export class FakeLetters implements DeadLetterBox {
  readonly letters: ShownLetter[] = [];
  retries = 0;
  async latest(count: number) {
    return { total: this.letters.length, letters: this.letters.slice(0, count) };
  }
  async retry(partition: number, offset: Offset): Promise<RetryResult> {
    if (partition !== 0 || offset > 1) return { kind: 'unknown' };
    if (offset === 1) return { kind: 'refused', code: 'FRESHET_UNDECODABLE', reason: 'it is no rating' };
    return this.retries++ === 0 ? { kind: 'retried', partition: 0, offset: 7 } : { kind: 'already-in' };
  }
}

/** Counts how often anybody looked. */
export class FakeStats implements StatsSource {
  looks = 0;
  stats(): WorkerStats {
    this.looks++;
    const partition = {
      ...{ partition: 0, eventsApplied: 5, eventsSkipped: 0, predictions: 5, requestsAnswered: 0 },
      ...{ recommendations: 0, recommendationsPending: 0, deadLetters: { FRESHET_UNDECODABLE: 2 } },
      ...{ appliedOffset: 5, committedOffset: 5, effort: 1, eventTimeLagMs: 3, schemaWaitMs: 0 },
    };
    const errors = { rmseTotal: 1, maeTotal: 0.8, rmseWindow: 0.9, maeWindow: 0.7 };
    return {
      partitions: [partition],
      experts: ['mean', 'bias', 'factors', 'blend'].map((expert) => ({ expert, ...errors })),
      ...{ userRows: 2, itemRows: 3, usersEvicted: 0, itemsEvicted: 0, intervalCoverageRatio: NaN, followLagMs: null },
    };
  }
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
}

export function recordingLog(lines: LogLine[]): Log {
  const at = (level: string) => (_fields: unknown, message: string) => void lines.push({ level, message });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
