/**
 * The seed document's embedding, deep and residual networks, as it has them: rows and layers drawn small, no mean, biases
 * or penalty, Adam of rate .001 on all of the ten training ratings at once, a fixed number of epochs.
 *
 * The document draws without a seed; here the seed fixes everything.
 */
import { adam } from './adam.ts';
import { chance } from './chance.ts';
import { deep } from './deep.ts';
import type { Definition } from './definition.ts';
import { embedding } from './embedding.ts';
import { layoutOf, lengthOf } from './parameters.ts';
import { residual } from './residual.ts';
import { RowTable } from './row-table.ts';
import type { Matrix } from './seed-data.ts';
import { testRmse, type Split } from './seed-split.ts';
import type { StepOf } from './step.ts';

interface SeedNetwork {
  readonly definition: Definition;
  readonly d: number;
  readonly epochs: number;
}

/** The document does not show how long the rows of its first two networks are. */
export const seedNetworks: Readonly<Record<'embedding' | 'deep' | 'residual', SeedNetwork>> = {
  embedding: { definition: embedding, d: 2, epochs: 100 },
  deep: { definition: deep, d: 20, epochs: 100 },
  residual: { definition: residual, d: 20, epochs: 10 },
};

const rate = 1e-3;
const dropoutRatio = 0.5;
const momentMemory = 0.99;

export interface SeedTraining {
  /** Mean squared error of each epoch. */
  readonly losses: readonly number[];
  /** [users, items] */
  readonly predictions: Matrix;
  readonly testRmse: number;
}

export function trainSeedNetwork(
  { definition, d, epochs }: SeedNetwork,
  { train, test }: Split,
  stepOf: StepOf,
  seed: number,
): SeedTraining {
  const drawn = chance(seed);
  const between = (limit: number): number => limit * (2 * drawn.uniform() - 1);
  const [userCount, itemCount] = [train.length, train[0]!.length];
  const tableOf = (count: number): RowTable =>
    new RowTable(
      Float32Array.from({ length: count * d }, () => between(0.05)),
      d,
    );
  const [userTable, itemTable] = [tableOf(userCount), tableOf(itemCount)];
  const layout = layoutOf(definition, d);
  const weights = {
    parameters: new Float32Array(lengthOf(layout.parameters)),
    moments: new Float32Array(lengthOf(layout.moments)),
  };
  for (const { name, shape, from, to } of layout.parameters) {
    if (name.endsWith('.gamma')) weights.parameters.fill(1, from, to);
    if (!name.endsWith('.kernel')) continue;
    const limit = Math.sqrt(6 / (shape[0]! + shape[1]!));
    for (let n = from; n < to; n++) weights.parameters[n] = between(limit);
  }
  for (const { name, from, to } of layout.moments) if (name.endsWith('.variance')) weights.moments.fill(1, from, to);

  const step = stepOf(definition, d);
  const optimizer = adam(weights.parameters, new Float32Array(weights.parameters.length));
  const rated = train.flatMap((row, user) =>
    row.flatMap((rating, item) => (rating > 0 ? [{ user, item, rating }] : [])),
  );
  const users = Int32Array.from(rated, ({ user }) => user);
  const items = Int32Array.from(rated, ({ item }) => item);
  const [userPlace, itemPlace] = [
    { at: 0, stride: 2 * d },
    { at: d, stride: 2 * d },
  ];
  const gather = (users: Int32Array, items: Int32Array): Float32Array => {
    const rows = new Float32Array(users.length * 2 * d);
    userTable.gather(users, rows, userPlace);
    itemTable.gather(items, rows, itemPlace);
    return rows;
  };
  const losses = Array.from({ length: epochs }, () => {
    const masks = definition.dropouts.map((units) =>
      Float32Array.from({ length: units * users.length }, () =>
        drawn.uniform() < dropoutRatio ? 0 : 1 / (1 - dropoutRatio),
      ),
    );
    const targets = Float32Array.from(rated, ({ rating }) => rating);
    const gradients = step.step(weights, { rows: gather(users, items), targets, masks });
    optimizer.apply(gradients.parameters, rate);
    userTable.learn(users, gradients.rows, userPlace, rate, new Float32Array(userCount));
    itemTable.learn(items, gradients.rows, itemPlace, rate, new Float32Array(itemCount));
    weights.moments.forEach((moment, n) => {
      weights.moments[n] = momentMemory * moment + (1 - momentMemory) * gradients.moments[n]!;
    });
    return gradients.loss;
  });

  const everyItem = Int32Array.from({ length: itemCount }, (_, item) => item);
  const predictions = train.map((_, user) => [
    ...step.predict(weights, gather(new Int32Array(itemCount).fill(user), everyItem)),
  ]);
  return { losses, predictions, testRmse: testRmse(predictions, test) };
}
