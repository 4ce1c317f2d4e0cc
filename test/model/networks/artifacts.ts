/** Small networks of every kind with tensors of the right shapes, for tests of how they are stored and served. */
import type { Artifact } from '../../../src/model/networks/artifact.ts';
import type { NetworkKind } from '../../../src/model/networks/kinds.ts';
import type { Manifest } from '../../../src/model/networks/manifest.ts';
import { shapesOf } from '../../../src/model/networks/shapes.ts';
import { sizeOf, type Tensor } from '../../../src/model/networks/tensor.ts';
import { fillSeeded } from '../../../src/kernel/seeded.ts';

export const manifestOf = (kind: NetworkKind): Manifest => ({
  kind,
  version: `${kind}-1`,
  seed: 7,
  trainedAtMs: 1_700_000_000_000,
  codeVersion: '0.1.0',
  backend: 'test',
  window: { ratings: 100, firstSeconds: 1, lastSeconds: 99 },
  offsets: { 0: 60, 1: 40 },
  hyperParameters: { rate: 0.003, name: 'x', shuffled: true },
  evaluation: { rmse: 0.91 },
});

const lengths: Readonly<Record<string, number>> = { n: 5, m: 4, d: 8, '2d': 16, '1+2d': 17, a: 12, b: 8, h: 8, l: 5 };

export function artifactOf(kind: NetworkKind, sizes: Readonly<Record<string, number>> = {}): Artifact {
  const all = { ...lengths, ...sizes };
  const tensors = new Map<string, Tensor>();
  Object.entries(shapesOf[kind]).forEach(([name, pattern], i) => {
    const shape = pattern.map((length) => (typeof length === 'number' ? length : all[length]!));
    const data = new Float32Array(sizeOf(shape));
    fillSeeded(data, 0, data.length, 97 * i, 0.5);
    if (name.endsWith('.variance')) data.forEach((value, at) => (data[at] = 0.5 + Math.abs(value)));
    tensors.set(name, { shape, data });
  });
  tensors.set('mean', { shape: [1], data: Float32Array.of(3.5) });
  const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}-${i}\n"é"`);
  return { manifest: manifestOf(kind), tensors, userIds: ids('u', all.n!), itemIds: ids('i', all.m!) };
}
