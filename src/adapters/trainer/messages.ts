/** What a worker and its training process say to each other. Artifacts go in pieces, so that the worker is never held up. */
import type { TrainingProgress } from '../../ports/models.ts';
import type { TrainingJob, TrainingResult } from '../../ports/trainer.ts';

/** The only message to the process; `place` says where the ratings and the models are. */
export interface TrainingOrder {
  readonly job: TrainingJob;
  readonly place: unknown;
}

export type TrainingMessage =
  | { readonly kind: 'progress'; readonly progress: TrainingProgress }
  /** Before its pieces: so they are put where they belong as they come. */
  | { readonly kind: 'size'; readonly bytes: number }
  | { readonly kind: 'piece'; readonly bytes: Uint8Array }
  /** The artifact is what the pieces make together. */
  | { readonly kind: 'result'; readonly result: ResultWithoutArtifact };

export type ResultWithoutArtifact =
  | Omit<Extract<TrainingResult, { readonly kind: 'trained' }>, 'artifact'>
  | Extract<TrainingResult, { readonly kind: 'failed' }>;

export const pieceBytes = 128 * 1024;
/** Between two pieces: the worker has a stream to attend to. */
export const pieceRestMs = 5;
