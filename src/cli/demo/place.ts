/** Where a demo runs: a worker that is alone and has learned nothing yet, its log, and what it published. */
import type { Log } from '../../ports/log.ts';
import type { Scale } from '../../model/scale.ts';
import type { LearnerSettings } from '../../model/settings.ts';
import type { EventCodec } from '../../ports/codec.ts';
import type { RatingsLog, TopicReader } from '../../ports/transport.ts';
import type { RunningWorker } from '../start-worker.ts';

export interface DemoPlace {
  readonly running: RunningWorker;
  readonly partitionCount: number;
  readonly codec: EventCodec;
  readonly ratingsLog: Pick<RatingsLog, 'append'>;
  readonly outputs: Pick<TopicReader, 'read' | 'end'>;
  /** Names by role; null without topics. */
  readonly topics: Readonly<Record<string, string>> | null;
  close(): Promise<void>;
}

export interface DemoLearning {
  readonly settings: LearnerSettings;
  readonly scale: Scale;
  readonly log: Log;
}

export const demoCaps = { checkpointEvents: 4000, checkpointMs: 100, maxUsers: 5_000_000, maxItems: 2_000_000 };
