/** `--retrain-every` of the prequential protocol: networks are trained again and again on what came before. */
import { systemClock } from '../../adapters/system/clock.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { Network } from '../../model/networks/network.ts';
import type { RatingsTable } from '../../ports/ratings-table.ts';
import type { Settings, Values } from '../../setting.ts';
import type { Retraining } from '../../stream/prequential.ts';
import { splitRandomly } from '../../train/split.ts';
import { trainedNetwork } from '../../train/trained-network.ts';
import { compacted, firstOf, windowOf } from '../../train/window.ts';
import type { CommandIo } from '../command.ts';
import { trainElsewhere } from '../training/place.ts';
import { kindsOf, type holdoutSettings } from './holdout-command.ts';

export const retrainingSettings = {
  retrainEvery: {
    type: 'integer',
    unit: 'ratings',
    min: 1000,
    doc: 'prequential: train networks anew each time that so many ratings have come, on all that came before; they answer from then on.',
  },
} as const satisfies Settings;

type RetrainingValues = Values<typeof retrainingSettings> &
  Pick<Values<typeof holdoutSettings>, 'models' | 'budgetSeconds'> & { readonly seed: number };

/** Of what came, drawn at random: it ends the training. */
const validationRatio = 0.05;

export function retraining(
  table: RatingsTable,
  kernel: Kernel,
  { retrainEvery, models, budgetSeconds, seed }: RetrainingValues,
  { signal, stderr }: CommandIo,
): Retraining | undefined {
  if (retrainEvery === undefined) return undefined;
  return {
    everyEvents: retrainEvery,
    async networksAt(events) {
      const window = compacted(windowOf(firstOf(table, events)));
      const { rest, heldOut } = splitRandomly(window, validationRatio, seed);
      const networks: Network[] = [];
      for (const kind of kindsOf(models)) {
        const trained = await trainElsewhere(kind)(rest, heldOut, { seed, budgetSeconds, clock: systemClock, signal });
        networks.push(trainedNetwork(trained, rest, kernel));
        stderr.write(
          `${kind} trained on the first ${events} ratings: ${trained.epochs} epochs, ${trained.trainSeconds.toFixed(1)} s\n`,
        );
      }
      return networks;
    },
  };
}
