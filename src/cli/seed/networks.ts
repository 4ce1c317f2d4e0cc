/** `freshet seed NETWORK`: the seed document's own tiny networks, with its figures beside ours and why they differ. */
import { loadWasm } from '../../adapters/tensorflow/load-wasm.ts';
import type { NetworkKind } from '../../model/networks/kinds.ts';
import { trainSeedAutoencoder } from '../../train/seed-autoencoder.ts';
import { seedDrawnForTest, seedRatings, type Matrix } from '../../train/seed-data.ts';
import { seedNetworks, trainSeedNetwork } from '../../train/seed-networks.ts';
import { trainSeedRbm } from '../../train/seed-rbm.ts';
import { splitKeepingEveryone } from '../../train/seed-split.ts';
import { tfStep } from '../../train/tf-step.ts';
import { renderTable } from '../table.ts';

export interface SeedReport {
  readonly listing: NetworkKind;
  readonly seed: number;
  /** By epoch. */
  readonly losses: readonly number[];
  /** [users, items] */
  readonly predictions: Matrix;
  readonly figures: Readonly<Record<string, number>>;
  /** What the document prints, by the same names. */
  readonly document: Readonly<Record<string, number>>;
  readonly difference: string;
}

const unseeded = 'The document draws without a seed, so its figures cannot be had again';

export async function runSeedNetwork(listing: NetworkKind, seed: number): Promise<SeedReport> {
  switch (listing) {
    case 'autoencoder': {
      const { losses, predictions, testRmse, ratedTestRmse } = trainSeedAutoencoder(seed);
      return {
        ...{ listing, seed, losses, predictions },
        figures: { testRmse, ratedTestRmse },
        document: { testRmse: 2.5722194130076885 },
        difference: `${unseeded}. A sigmoid says 1 at the most where ratings go to 5, and what is not rated counts as rated 0: no training makes it better than 2.5 on the test row.`,
      };
    }
    case 'rbm': {
      const { reconstructionErrors, predictions } = trainSeedRbm(seed);
      return {
        ...{ listing, seed, losses: reconstructionErrors, predictions },
        figures: { reconstructionError: reconstructionErrors.at(-1) ?? Number.NaN },
        document: { reconstructionError: 5.5 },
        difference: `${unseeded}. Its units say 0 or 1 where ratings go to 5, and each prediction is drawn anew: the error goes up and down with the draws and says nothing about learning.`,
      };
    }
    case 'embedding':
    case 'deep':
    case 'residual': {
      const tf = await loadWasm();
      const network = seedNetworks[listing];
      const split = splitKeepingEveryone(seedRatings, seedDrawnForTest);
      const trained = trainSeedNetwork(network, split, (definition, d) => tfStep(tf, 'tfjs-wasm', definition, d), seed);
      return {
        ...{ listing, seed, losses: trained.losses, predictions: trained.predictions },
        figures: { testRmse: trained.testRmse },
        document: {
          testRmse: { embedding: 3.36344431403127, deep: 2.664883849711728, residual: 3.240558979726526 }[listing],
        },
        difference: `${unseeded}. ${network.epochs} steps of .001 from small random numbers, without a mean, on ten ratings leave the answers near where they began: three test ratings measure that, and not the network.`,
      };
    }
  }
}

export function seedNetworkForPeople({
  listing,
  losses,
  predictions,
  figures,
  document,
  difference,
}: SeedReport): string {
  const rows = Object.entries(figures).map(([name, figure]) => [name, figure, document[name] ?? '']);
  const head = ['', ...(predictions[0] ?? []).map((_, index) => `item ${index + 1}`)];
  return [
    `${listing}: ${losses.length} epochs, loss ${losses[0]?.toFixed(4) ?? ''} at first and ${losses.at(-1)?.toFixed(4) ?? ''} at last\n`,
    renderTable({ head: ['figure', 'here', 'in the document'], rows, digits: 6 }),
    `${difference}\n`,
    'Predictions\n',
    renderTable({ head, rows: predictions.map((row, index) => [`user ${index + 1}`, ...row]), digits: 4 }),
  ].join('\n');
}
