/**
 * Which tensors a network of each kind is made of (docs/models.md). Lengths are numbers or names; a name has one length in
 * the whole network. n: users, m: items; d: length of an embedding; a, b, h: units of a layer; l: levels of a rating.
 */
import type { NetworkKind } from './kinds.ts';
import type { Tensors } from './tensor.ts';

type Length = number | string;
type Shapes = Readonly<Record<string, readonly Length[]>>;

const biases: Shapes = { mean: [1], 'user.bias': ['n'], 'item.bias': ['m'] };
const embeddings: Shapes = { 'user.embedding': ['n', 'd'], 'item.embedding': ['m', 'd'] };
const normalization = (layer: number, units: string): Shapes => ({
  [`norm${layer}.gamma`]: [units],
  [`norm${layer}.beta`]: [units],
  [`norm${layer}.mean`]: [units],
  [`norm${layer}.variance`]: [units],
});

export const shapesOf: Readonly<Record<NetworkKind, Shapes>> = {
  embedding: { ...biases, ...embeddings },
  // [u, i] -> a relu, normalized -> b relu, normalized -> 1
  deep: {
    ...biases,
    ...embeddings,
    'dense1.kernel': ['2d', 'a'],
    'dense1.bias': ['a'],
    ...normalization(1, 'a'),
    'dense2.kernel': ['a', 'b'],
    'dense2.bias': ['b'],
    ...normalization(2, 'b'),
    'out.kernel': ['b', 1],
    'out.bias': [1],
  },
  // x = [u, i]; y = x + relu(dense3(relu(dense2(relu(dense1(x)))))); [u·i, y] -> 1
  residual: {
    ...biases,
    ...embeddings,
    'dense1.kernel': ['2d', '2d'],
    'dense1.bias': ['2d'],
    'dense2.kernel': ['2d', 'h'],
    'dense2.bias': ['h'],
    'dense3.kernel': ['h', '2d'],
    'dense3.bias': ['2d'],
    'out.kernel': ['1+2d', 1],
    'out.bias': [1],
  },
  // item.hidden: the hidden layer of the item's row of ratings
  autoencoder: { ...biases, 'user.kernel': ['n', 'h'], 'item.hidden': ['m', 'h'] },
  // Of the hidden units of an item, to the levels of a user's rating; biases are for whom is unknown
  rbm: {
    ...biases,
    'level.values': ['l'],
    'user.kernel': ['n', 'l', 'h'],
    'user.levels': ['n', 'l'],
    'item.hidden': ['m', 'h'],
  },
};

/** For users whom the network was not trained on (fold-in.ts): all of them or none. */
const foldShapes: Shapes = {
  'fold.mean': ['m'],
  'fold.loadings': ['m', 'r'],
  'fold.noise': [1],
  'fold.counts': ['n'],
};

/** What is wrong with a network of `users` and `items`; nothing when it can serve. */
export function shapeProblems(kind: NetworkKind, tensors: Tensors, users: number, items: number): string[] {
  const lengths = new Map<string, number>([
    ['n', users],
    ['m', items],
  ]);
  const problems: string[] = [];
  const hasFold = [...tensors.keys()].some((name) => name in foldShapes);
  const expected = hasFold ? { ...shapesOf[kind], ...foldShapes } : shapesOf[kind];
  for (const [name, shape] of Object.entries(expected)) {
    const found = tensors.get(name)?.shape;
    if (found === undefined) problems.push(`${name} is missing`);
    else if (found.length !== shape.length || !shape.every((length, i) => matches(length, found[i]!, lengths))) {
      const wanted = shape.map((length) => lengths.get(String(length)) ?? length);
      problems.push(`${name} is [${found.join(', ')}] instead of [${wanted.join(', ')}]`);
    }
  }
  for (const name of tensors.keys()) if (!(name in expected)) problems.push(`${name} does not belong to the kind`);
  return problems;
}

/** The first length seen under a name is what the name means from then on; `d` says what `2d` and `1+2d` are. */
function matches(length: Length, found: number, lengths: Map<string, number>): boolean {
  if (typeof length === 'number') return found === length;
  const known = lengths.get(length);
  if (known !== undefined) return found === known;
  lengths.set(length, found);
  if (length === 'd') lengths.set('2d', 2 * found).set('1+2d', 1 + 2 * found);
  return true;
}
