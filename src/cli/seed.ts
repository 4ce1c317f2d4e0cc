/** `freshet seed`: the seed document's factorization listings, with the numbers it printed, and its networks. */
import {
  seedDrawnForTest,
  seedHyperparameters,
  seedInitialFactors,
  seedRatings,
  seedSplitInitialFactors,
  type Matrix,
} from '../train/seed-data.ts';
import { factorizeByRating, factorizeByRow } from '../train/seed-listings.ts';
import { onlyTested, splitKeepingEveryone, testRmse, type Cell } from '../train/seed-split.ts';
import { networkKinds } from '../model/networks/kinds.ts';
import { defineCommand } from './command.ts';
import { learnerSettings } from './learner-settings.ts';
import { runSeedNetwork, seedNetworkForPeople } from './seed/networks.ts';
import { renderTable } from './table.ts';

export const seed = defineCommand({
  name: 'seed',
  summary: "run one of the seed document's listings and print its matrices",
  positionals: {
    listing: {
      type: 'choice',
      choices: ['loop', 'vectorized', 'split', ...networkKinds],
      required: true,
      doc: 'Factorization with one step a rating; with one a user and an item; the latter on the training part of a split; or a network.',
    },
  },
  settings: { seed: { ...learnerSettings.seed, doc: 'Fixes what the document draws for its networks.' } },
  examples: [
    { line: 'seed loop', shows: 'Factors and predictions of the first listing' },
    { line: 'seed split --json', shows: 'The split listing for machines' },
    { line: 'seed residual', shows: "The document's residual network, and its figure beside ours" },
  ],
  async run({ listing, seed, json }, { stdout }) {
    const network = networkKinds.find((kind) => kind === listing);
    if (network !== undefined) {
      const report = await runSeedNetwork(network, seed);
      stdout.write(json ? `${JSON.stringify(report)}\n` : seedNetworkForPeople(report));
      return 'fine';
    }
    const result = listing === 'split' ? runSplit() : runPlain(listing === 'loop' ? 'loop' : 'vectorized');
    stdout.write(json ? `${JSON.stringify(result)}\n` : forPeople(result));
    return 'fine';
  },
});

const inputs = { ratings: seedRatings, ...seedHyperparameters };

function runPlain(listing: 'loop' | 'vectorized') {
  const factorize = listing === 'loop' ? factorizeByRating : factorizeByRow;
  return { listing, ...inputs, ...factorize(seedRatings, seedInitialFactors, seedHyperparameters) };
}

function runSplit() {
  const { train, test, putBack, lastOnes } = splitKeepingEveryone(seedRatings, seedDrawnForTest);
  const { predictions, ...factors } = factorizeByRow(train, seedSplitInitialFactors, seedHyperparameters);
  const kept = { drawnForTest: seedDrawnForTest, putBack, lastOnes };
  return {
    listing: 'split' as const,
    ...inputs,
    train,
    test,
    kept,
    ...factors,
    trainPredictions: predictions,
    testPredictions: onlyTested(predictions, test),
    testRmse: testRmse(predictions, test),
  };
}

function forPeople(result: ReturnType<typeof runPlain> | ReturnType<typeof runSplit>): string {
  const parts = [matrix('Ratings (0: none)', result.ratings, 'item')];
  if (result.listing === 'split') {
    parts.push(
      matrix('Training part', result.train, 'item'),
      matrix('Test part', result.test, 'item'),
      keptText(result),
    );
  }
  parts.push(
    matrix('User factors', result.userFactors, 'factor'),
    matrix('Item factors', result.itemFactors, 'factor', 'item'),
  );
  if (result.listing === 'split') {
    parts.push(matrix('Predictions', result.trainPredictions, 'item'));
    parts.push(matrix('Predictions of the test part', result.testPredictions, 'item'));
    parts.push(`RMSE on the test part: ${result.testRmse.toFixed(8)}\n`);
  } else parts.push(matrix('Predictions', result.predictions, 'item'));
  return parts.join('\n');
}

function matrix(title: string, rows: Matrix, column: string, row = 'user'): string {
  const head = ['', ...(rows[0] ?? []).map((_, index) => `${column} ${index + 1}`)];
  // + 0 turns -0 into 0.
  return `${title}\n${renderTable({ head, rows: rows.map((values, index) => [`${row} ${index + 1}`, ...values.map((value) => value + 0)]), digits: 8 })}`;
}

function keptText({ kept, ratings }: ReturnType<typeof runSplit>): string {
  const list = (cells: readonly Cell[]): string =>
    cells.map(([user, item]) => `user ${user + 1} x item ${item + 1} (${ratings[user]?.[item] ?? 0})`).join(', ');
  const putBack =
    kept.putBack.length === 0
      ? "None had to be put back, so this is also the document's own split: there it is luck, here it is a rule."
      : `Put back, because a user or an item would have had no rating in training: ${list(kept.putBack)}.`;
  return [
    `Drawn for test: ${list(kept.drawnForTest)}.`,
    putBack,
    `Had to stay in training, as the last rating of their user or item there: ${list(kept.lastOnes)}.`,
    '',
  ].join('\n');
}
