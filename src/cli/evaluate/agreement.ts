/** The agreement protocol over a file: the learner goes through all but the last ratings, and so does training from scratch. */
import { createKernel } from '../../kernel/choose.ts';
import type { RatingsTable } from '../../ports/ratings-table.ts';
import type { Values } from '../../setting.ts';
import { ratingOf, ReplayedLearner } from '../../stream/replayed.ts';
import { firstOf, followedBy, windowOf, compacted } from '../../train/window.ts';
import { compareWithScratch, nextRatio } from '../agreement/compare.ts';
import type { CommandIo } from '../command.ts';
import { learnerSettingsOf, type kernelSetting, type learnerSettings } from '../learner-settings.ts';
import { progressBar } from '../progress.ts';
import type { holdoutSettings } from './holdout-command.ts';
import { retraining, type retrainingSettings } from './retraining.ts';

type AgreementValues = Values<typeof learnerSettings> &
  Values<typeof kernelSetting> &
  Values<typeof retrainingSettings> &
  Pick<Values<typeof holdoutSettings>, 'models' | 'budgetSeconds'>;

export async function agreementReport(table: RatingsTable, values: AgreementValues, io: CommandIo) {
  const { scale } = table;
  const settings = learnerSettingsOf(values);
  const kernel = createKernel(values.kernel);
  const again = retraining(table, kernel, values, io);
  const cut = table.ratings.length - Math.round(nextRatio * table.ratings.length);
  const later = Array.from({ length: table.ratings.length - cut }, (_, n) => ratingOf(table, cut + n));
  const { window: seen, next } = followedBy(compacted(windowOf(firstOf(table, cut))), later);
  const learner = new ReplayedLearner(settings, kernel);
  const bar = progressBar(io.stderr, 'learn one by one', cut);
  try {
    for (let event = 0; event < cut; event++) {
      if (again !== undefined && event > 0 && event % again.everyEvents === 0) {
        for (const network of await again.networksAt(event)) learner.serve(network);
      }
      learner.take(ratingOf(table, event));
      if (event % 1000 !== 0) continue;
      bar.at(event);
      io.signal.throwIfAborted();
    }
    bar.stop();
    const { seed, budgetSeconds } = values;
    const compared = { learner, seen, next, scale, settings, kernel, seed, budgetSeconds };
    return { protocol: 'agreement' as const, ...(await compareWithScratch(compared, io)) };
  } finally {
    bar.stop();
    learner.close();
  }
}
