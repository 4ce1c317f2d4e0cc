/** Who trains a network: in a process of its own, so that the stream never waits for it. Implementation: adapters/trainer. */
import type { NetworkKind } from '../model/networks/kinds.ts';
import type { Measured } from '../model/promotion.ts';
import type { ModelVersion, TrainingProgress, VersionNote } from './models.ts';

export interface TrainingJob {
  readonly kind: NetworkKind;
  readonly version: ModelVersion;
  readonly seed: number;
  /** What serves, to be judged on the same held-out tail; null when nothing does. */
  readonly against: ModelVersion | null;
}

export type TrainingResult =
  | {
      readonly kind: 'trained';
      readonly note: VersionNote;
      readonly measured: Measured;
      readonly artifact: Uint8Array;
    }
  /** Nothing came of it, for this reason. */
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Laws: one training at a time; it never rejects; whatever becomes of the training, its process is gone and its memory
 * given back when it resolves.
 */
export interface Trainer {
  train(job: TrainingJob, onProgress: (progress: TrainingProgress) => void): Promise<TrainingResult>;
  /** Ends what is under way: it fails. Resolves when it is gone. Nothing is trained afterwards. */
  stop(): Promise<void>;
}
