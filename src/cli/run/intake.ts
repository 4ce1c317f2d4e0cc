/** Where a running worker takes its ratings from, whichever transport it is. */
import type { CodecOptions } from '../../adapters/avro/codec.ts';
import type { LearnerSettings } from '../../model/settings.ts';
import type { Codec } from '../../ports/codec.ts';
import type { DeadLetterBox } from '../../ports/dead-letters.ts';
import type { Log } from '../../ports/log.ts';
import type { ModelControl } from '../../ports/model-control.ts';
import type { Peers } from '../../ports/peers.ts';
import type { RatingsLog, TopicReader } from '../../ports/transport.ts';
import type { RatingScale } from '../../setting.ts';
import type { RunningWorker } from '../start-worker.ts';

/** What `run` was told that both transports use. */
export interface IntakeValues {
  readonly settings: LearnerSettings;
  readonly effortFollowsLoad: boolean;
  readonly scale: RatingScale | undefined;
  readonly partitions: number | undefined;
  readonly checkpointEvents: number;
  readonly checkpointMs: number;
  readonly maxUsers: number;
  readonly maxItems: number;
  readonly maxBacklog: number;
  /** Null: what is usual on the transport. */
  readonly role: 'all' | 'worker' | 'trainer' | null;
}

/** What the HTTP server listens on. */
export interface Listening {
  readonly host: string;
  readonly port: number;
}

/** Opened and not at work yet. */
export interface Intake {
  readonly running: RunningWorker;
  readonly models: ModelControl;
  readonly letters: DeadLetterBox;
  readonly ratingsLog: RatingsLog;
  readonly topicReader: TopicReader;
  readonly partitionCount: number;
  readonly codec: Codec;
  readonly scale: RatingScale;
  /** For the log: the folder, or the brokers. */
  readonly place: Readonly<Record<string, unknown>>;
  /** Where reads for users of other workers go, in a group. */
  readonly peers?: Peers;
  /** Begins to work. The server listens already: it answers that the worker is not ready, and its address is known. */
  begin(listening: Listening): Promise<void>;
  /** Stops the worker after its last checkpoint and closes what was opened. */
  close(): Promise<void>;
}

export type OpenIntake<V> = (values: V, codecOptions: Partial<CodecOptions>, log: Log) => Promise<Intake>;

export const defaultScale: RatingScale = { lo: 1, hi: 5 };
