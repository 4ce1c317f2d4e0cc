/** Trains from scratch on what the online learner has learned, and asks both. */
import { systemClock } from '../../adapters/system/clock.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { LearnerSettings } from '../../model/settings.ts';
import type { Scale } from '../../model/scale.ts';
import type { ReplayedLearner } from '../../stream/replayed.ts';
import { agreementOf, type Agreement } from '../../train/agreement.ts';
import { fromScratch } from '../../train/from-scratch.ts';
import type { RatingsWindow } from '../../train/window.ts';
import type { CommandIo } from '../command.ts';
import { progressBar, type Progress } from '../progress.ts';
import { trainElsewhere } from '../training/place.ts';

/** Of the ratings, the last ones: what comes next for both. */
export const nextRatio = 0.05;

export interface Compared {
  /** Has learned what `seen` is made of, and nothing of `next`. */
  readonly learner: ReplayedLearner;
  readonly seen: RatingsWindow;
  readonly next: RatingsWindow;
  readonly scale: Scale;
  readonly settings: Pick<LearnerSettings, 'k' | 'historyLimit'>;
  readonly kernel: Kernel;
  readonly seed: number;
  /** Of each training. */
  readonly budgetSeconds: number;
}

export async function compareWithScratch(
  { learner, seen, next, scale, settings, kernel, seed, budgetSeconds }: Compared,
  { stderr, signal }: Pick<CommandIo, 'stderr' | 'signal'>,
): Promise<Agreement> {
  let shown: { readonly expert: string; readonly bar: Progress } | null = null;
  const scratch = await fromScratch(
    seen,
    { factors: settings.k, historyLimit: settings.historyLimit, kinds: learner.kinds },
    {
      trainOf: (kind) => trainElsewhere(kind),
      kernel,
      options: { seed, budgetSeconds, clock: systemClock, signal },
      onTraining(expert, doneRatio) {
        if (shown?.expert !== expert) {
          shown?.bar.stop();
          shown = { expert, bar: progressBar(stderr, `train ${expert} from scratch`, 100) };
        }
        shown.bar.at(Math.round(100 * doneRatio));
      },
    },
  ).finally(() => shown?.bar.stop());
  try {
    return agreementOf(learner.asked(seen.userIds, seen.itemIds), scratch, { seen, next, scale, seed });
  } finally {
    scratch.release();
  }
}
