/**
 * The seed document's autoencoder, as it has it: rows of users → 128 rectified units → sigmoid, the mean squared error over
 * all cells, those without a rating as ratings of 0; Adam of rate .001; 50 epochs on all users, then 50 on two of them. It is
 * judged by the third, zeros included.
 *
 * The document draws its layers without a seed; here the seed fixes everything.
 */
import { adam } from './adam.ts';
import { chance } from './chance.ts';
import type { Matrix } from './seed-data.ts';

/** [users 3, items 4]; 0 means not rated. */
export const seedUserRows: Matrix = [
  [5, 3, 0, 0],
  [4, 0, 2, 0],
  [0, 1, 5, 4],
];
/** What pandas draws with the document's random state. */
const drawnForTraining = [0, 1];
const hidden = 128;
const epochs = 50;
const rate = 1e-3;

export interface SeedAutoencoding {
  readonly losses: readonly number[];
  /** [users, items] */
  readonly predictions: Matrix;
  readonly testRmse: number;
  /** Over the cells of the test row that have a rating. */
  readonly ratedTestRmse: number;
}

export function trainSeedAutoencoder(seed: number): SeedAutoencoding {
  const inputs = seedUserRows[0]!.length;
  const drawn = chance(seed);
  const limit = Math.sqrt(6 / (inputs + hidden));
  // [inputs, hidden], [hidden], [hidden, inputs], [inputs]
  const starts = [0, inputs * hidden, inputs * hidden + hidden, 2 * inputs * hidden + hidden];
  const weights = new Float32Array(2 * inputs * hidden + hidden + inputs);
  for (const from of [starts[0]!, starts[2]!]) {
    for (let n = 0; n < inputs * hidden; n++) weights[from + n] = limit * (2 * drawn.uniform() - 1);
  }
  const [encoder, encoderBias, decoder, decoderBias] = starts.map((from, n) => weights.subarray(from, starts[n + 1]));

  const encode = (row: readonly number[]): number[] =>
    Array.from({ length: hidden }, (_, unit) =>
      Math.max(
        0,
        row.reduce((sum, value, item) => sum + value * encoder![item * hidden + unit]!, encoderBias![unit]!),
      ),
    );
  const decode = (code: readonly number[]): number[] =>
    Array.from({ length: inputs }, (_, item) => {
      const sum = code.reduce((sum, value, unit) => sum + value * decoder![unit * inputs + item]!, decoderBias![item]!);
      return 1 / (1 + Math.exp(-sum));
    });

  const optimizer = adam(weights, new Float32Array(weights.length));
  const learn = (rows: Matrix): number => {
    const gradients = new Float32Array(weights.length);
    const [ofEncoder, ofEncoderBias, ofDecoder, ofDecoderBias] = starts.map((from, n) =>
      gradients.subarray(from, starts[n + 1]),
    );
    let loss = 0;
    const cells = rows.length * inputs;
    for (const row of rows) {
      const code = encode(row);
      const back = new Array<number>(hidden).fill(0);
      decode(code).forEach((answer, item) => {
        const error = answer - row[item]!;
        loss += (error * error) / cells;
        const slope = ((2 * error) / cells) * answer * (1 - answer);
        ofDecoderBias![item]! += slope;
        for (let unit = 0; unit < hidden; unit++) {
          ofDecoder![unit * inputs + item]! += slope * code[unit]!;
          back[unit]! += slope * decoder![unit * inputs + item]!;
        }
      });
      for (let unit = 0; unit < hidden; unit++) {
        if (code[unit]! <= 0) continue;
        ofEncoderBias![unit]! += back[unit]!;
        for (let item = 0; item < inputs; item++) ofEncoder![item * hidden + unit]! += back[unit]! * row[item]!;
      }
    }
    optimizer.apply(gradients, rate);
    return loss;
  };
  const some = drawnForTraining.map((user) => seedUserRows[user]!);
  const losses = [seedUserRows, some].flatMap((rows) => Array.from({ length: epochs }, () => learn(rows)));

  const predictions = seedUserRows.map((row) => decode(encode(row)));
  const squares = seedUserRows.flatMap((row, user) =>
    drawnForTraining.includes(user)
      ? []
      : row.map((rating, item) => ({ rating, square: (rating - predictions[user]![item]!) ** 2 })),
  );
  const rmse = (of: typeof squares): number => Math.sqrt(of.reduce((sum, { square }) => sum + square, 0) / of.length);
  return {
    losses,
    predictions,
    testRmse: rmse(squares),
    ratedTestRmse: rmse(squares.filter(({ rating }) => rating > 0)),
  };
}
