/** What a command and the thread or process that trains for it say to each other. */
import { FreshetError, TrainingFailedError } from '../../errors.ts';
import type { NetworkKind } from '../../model/networks/kinds.ts';
import { systemClock } from '../../adapters/system/clock.ts';
import type { StepOf } from '../../train/step.ts';
import type { Trained, TrainOptions, TrainProgress } from '../../train/trained.ts';
import { trainersOf } from '../../train/trainers.ts';
import type { RatingsWindow } from '../../train/window.ts';

export interface TrainingJob {
  readonly kind: NetworkKind;
  readonly train: RatingsWindow;
  readonly validation: RatingsWindow;
  readonly options: Pick<TrainOptions, 'seed' | 'budgetSeconds' | 'hyper'>;
}

export type TrainingReply =
  | { readonly is: 'progress'; readonly progress: TrainProgress }
  | { readonly is: 'trained'; readonly trained: Trained }
  | {
      readonly is: 'failed';
      readonly message: string;
      /** By its own doing, not by a bug or the machine. */
      readonly isOurs: boolean;
      readonly stack: string | undefined;
    };

/** Where it trains. */
export async function runJob(job: TrainingJob, stepOf: StepOf, reply: (reply: TrainingReply) => void): Promise<void> {
  try {
    const train = trainersOf(stepOf)[job.kind];
    if (train === undefined) throw new TrainingFailedError(`there is no training for ${job.kind} in this version`);
    const onProgress = (progress: TrainProgress): void => reply({ is: 'progress', progress });
    const trained = await train(job.train, job.validation, { ...job.options, clock: systemClock, onProgress });
    reply({ is: 'trained', trained });
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    reply({ is: 'failed', message: error.message, isOurs: error instanceof FreshetError, stack: error.stack });
  }
}
