/** Networks with the shapes of trained ones, of random numbers: what they cost depends on nothing else. */
import { shapesOf } from '../../dist/model/networks/shapes.js';
import { seededRandom } from '../../dist/adapters/synthetic/seeded-random.js';
import { autoencoderHyper } from '../../dist/train/autoencoder.js';
import { rbmHyper } from '../../dist/train/rbm.js';
import { deepHyper, embeddingHyper, residualHyper } from '../../dist/train/trainers.js';

/** As trained by default: layers of deep and residual as in train/deep.ts and train/residual.ts. */
const lengths = {
  embedding: { d: embeddingHyper.d },
  deep: { d: deepHyper.d, a: 128, b: 64 },
  residual: { d: residualHyper.d, h: 64 },
  autoencoder: { h: autoencoderHyper.hidden },
  rbm: { h: rbmHyper.hidden, l: 5 },
};
const foldRank = 16;

/** `counts`: the ratings of each user in the training, as it is told to the network. */
export function trainedNetwork(kind, userIds, itemIds, counts) {
  const { normal } = seededRandom(kind.length);
  const all = { ...lengths[kind], n: userIds.length, m: itemIds.length };
  const { d } = all;
  const named = { ...all, '2d': 2 * d, '1+2d': 1 + 2 * d };
  const tensors = new Map();
  const put = (name, shape, deviation, centre = 0) => {
    const data = new Float32Array(shape.reduce((size, length) => size * length, 1));
    for (let i = 0; i < data.length; i++) data[i] = centre + deviation * normal();
    tensors.set(name, { shape, data });
  };
  for (const [name, pattern] of Object.entries(shapesOf[kind])) {
    const shape = pattern.map((length) => named[length] ?? length);
    if (name.endsWith('.variance') || name.endsWith('.gamma')) put(name, shape, 0.05, 1);
    else put(name, shape, 0.1, name === 'mean' ? 3.5 : 0);
  }
  tensors.get('level.values')?.data.set([1, 2, 3, 4, 5]);
  put('fold.mean', [all.m], 0.3, 3.5);
  put('fold.loadings', [all.m, foldRank], 0.1);
  put('fold.noise', [1], 0, 0.5);
  tensors.set('fold.counts', { shape: [all.n], data: Float32Array.from(counts) });
  return { manifest: { kind, version: 'random' }, tensors, userIds, itemIds };
}
