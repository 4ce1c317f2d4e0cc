import { describe, expect, it } from 'vitest';
import { createPlainKernel } from '../../../src/kernel/plain.ts';
import { createSimdKernel } from '../../../src/kernel/simd.ts';
import type { Artifact } from '../../../src/model/networks/artifact.ts';
import { networkKinds, type NetworkKind } from '../../../src/model/networks/kinds.ts';
import type { NetworkHistory } from '../../../src/model/networks/network.ts';
import { networkOf } from '../../../src/model/networks/serving.ts';
import { artifactOf } from './artifacts.ts';

type Matrix = readonly (readonly number[])[];

/** The equations as they stand in docs/models.md, in float64, layer by layer and without anything folded. */
function reference({ tensors }: Artifact, kind: NetworkKind): (user: number, item: number) => number {
  const flat = (name: string): number[] => [...tensors.get(name)!.data];
  const rows = (name: string): Matrix => {
    const { shape, data } = tensors.get(name)!;
    const width = data.length / shape[0]!;
    return Array.from({ length: shape[0]! }, (_, row) => [...data.subarray(row * width, (row + 1) * width)]);
  };
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const relu = (x: readonly number[]): number[] => x.map((value) => Math.max(0, value));
  const dense = (name: string, x: readonly number[]): number[] => {
    const kernel = rows(`${name}.kernel`);
    return flat(`${name}.bias`).map((bias, o) => bias + x.reduce((sum, value, i) => sum + value * kernel[i]![o]!, 0));
  };
  const norm = (name: string, x: readonly number[]): number[] => {
    const [gamma, beta, mean, variance] = ['gamma', 'beta', 'mean', 'variance'].map((part) => flat(`${name}.${part}`));
    return x.map((value, i) => ((value - mean![i]!) / Math.sqrt(variance![i]! + 1e-3)) * gamma![i]! + beta![i]!);
  };
  const base = (u: number, i: number): number => flat('mean')[0]! + flat('user.bias')[u]! + flat('item.bias')[i]!;
  const pair = (u: number, i: number): [readonly number[], readonly number[]] => [
    rows('user.embedding')[u]!,
    rows('item.embedding')[i]!,
  ];
  const kinds: Record<NetworkKind, (u: number, i: number) => number> = {
    embedding: (u, i) => base(u, i) + dot(...pair(u, i)),
    deep(u, i) {
      const first = norm('norm1', relu(dense('dense1', pair(u, i).flat())));
      const second = norm('norm2', relu(dense('dense2', first)));
      return base(u, i) + dense('out', second)[0]!;
    },
    residual(u, i) {
      const x = pair(u, i).flat();
      const block = relu(dense('dense3', relu(dense('dense2', relu(dense('dense1', x))))));
      return base(u, i) + dense('out', [dot(...pair(u, i)), ...x.map((value, at) => value + block[at]!)])[0]!;
    },
    autoencoder: (u, i) => base(u, i) + dot(rows('user.kernel')[u]!, rows('item.hidden')[i]!),
    rbm(u, i) {
      const hidden = rows('item.hidden')[i]!;
      const kernel = rows('user.kernel')[u]!;
      const odds = rows('user.levels')[u]!.map((bias, l) =>
        Math.exp(bias + dot(hidden, kernel.slice(l * hidden.length, (l + 1) * hidden.length))),
      );
      const total = odds.reduce((sum, value) => sum + value, 0);
      return dot(odds, flat('level.values')) / total;
    },
  };
  return kinds[kind];
}

const nothing: NetworkHistory = { count: 0, items: new Int32Array(0), ratings: new Float64Array(0) };

describe.each([
  ['plain', createPlainKernel],
  ['SIMD', createSimdKernel],
] as const)('networks that serve, on the %s kernel', (_, createKernel) => {
  describe.each(networkKinds)('%s', (kind) => {
    // Rows in several blocks, layers of odd widths.
    const artifact = artifactOf(kind, { n: 700, m: 2500, a: 29, b: 18, h: 37 });
    const network = networkOf(artifact, createKernel());
    const users = artifact.userIds.map((id) => network.userOf(id));
    const items = artifact.itemIds.map((id) => network.itemOf(id));

    it('answers as its equation says, for whom it was trained on', () => {
      const exact = reference(artifact, kind);
      let most = 0;
      for (let n = 0; n < 60; n++) {
        const [u, i] = [(n * 311) % users.length, (n * 1013) % items.length];
        most = Math.max(most, Math.abs(network.predict(users[u]!, items[i]!, nothing) - exact(u, i)));
      }
      expect(most).toBeLessThan(1e-4);
    });

    it('gives the same answer again, whatever was asked in between', () => {
      const ask = (u: number, i: number): number => network.predict(users[u]!, items[i]!, nothing);
      const first = ask(3, 5);
      for (const other of [ask(4, 5), ask(3, 6), network.predict(-1, -1, nothing)]) expect(other).not.toBe(first);
      expect(ask(3, 5)).toBe(first);
    });

    it('answers for unknown users and items through biases and history', () => {
      const { tensors } = artifact;
      const [mean, itemBias] = [tensors.get('mean')!.data[0]!, tensors.get('item.bias')!.data];
      expect(network.userOf('nobody')).toBe(-1);
      expect(network.predict(-1, -1, nothing)).toBeCloseTo(mean, 5);
      expect(network.predict(users[2]!, -1, nothing)).toBeCloseTo(mean + tensors.get('user.bias')!.data[2]!, 5);
      expect(network.predict(-1, items[4]!, nothing)).toBeCloseTo(mean + itemBias[4]!, 5);
      const harsh = { count: 2, items: Int32Array.of(items[1]!, -1, 0), ratings: Float64Array.of(1, 1, 5) };
      const level = (2 * (1 - mean) - itemBias[1]!) / 7;
      expect(network.predict(-1, items[4]!, harsh)).toBeCloseTo(mean + level + itemBias[4]!, 5);
    });
  });
});

it('gives its memory back', () => {
  const kernel = createSimdKernel();
  const taken = new Set<number>();
  const allocate = kernel.memory.allocate.bind(kernel.memory);
  const release = kernel.memory.release.bind(kernel.memory);
  kernel.memory.allocate = (cells) => {
    const block = allocate(cells);
    taken.add(block.address);
    return block;
  };
  kernel.memory.release = (block) => {
    taken.delete(block.address);
    release(block);
  };
  for (const kind of networkKinds) {
    const network = networkOf(artifactOf(kind), kernel);
    expect(taken.size).toBeGreaterThan(0);
    network.release();
    expect(taken.size).toBe(0);
  }
});

it('a layer that no block holds is refused', () => {
  const wide = artifactOf('deep', { d: 8, a: 512, b: 256 });
  expect(() => networkOf(wide, createPlainKernel())).toThrow(/131072 numbers cannot serve/);
});
