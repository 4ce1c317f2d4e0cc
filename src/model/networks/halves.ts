/**
 * A first layer over [p_u, q_i], as a user half and an item half that are added: W₁ [p, q] + c = W_u p + (W_i q + c). Item
 * halves are computed once; that of the user at hand once for all items that are scored for it.
 */
import type { Kernel } from '../../kernel/kernel.ts';
import type { Address } from '../../kernel/row-memory.ts';
import { layerOf, Rows, rowsOf, stepRows } from './rows.ts';
import { dataOf, tensorOf } from './scorer.ts';
import type { Steps } from '../steps.ts';
import type { Tensors } from './tensor.ts';

export interface Halves {
  readonly units: number;
  readonly users: Rows;
  readonly items: Rows;
  userHalf(user: number): Address;
  itemHalf(item: number): Address;
  release(): void;
}

export function* halvesOf(tensors: Tensors, kernel: Kernel): Steps<Halves> {
  const users = yield* rowsOf(kernel, tensorOf(tensors, 'user.embedding'));
  const items = yield* rowsOf(kernel, tensorOf(tensors, 'item.embedding'));
  const d = tensorOf(tensors, 'user.embedding').shape[1]!;
  const weights = dataOf(tensors, 'dense1.kernel');
  const bias = dataOf(tensors, 'dense1.bias');
  const units = bias.length;
  const userWeights = layerOf(kernel, weights.subarray(0, d * units));
  const itemWeights = layerOf(kernel, weights.subarray(d * units));
  const itemBias = layerOf(kernel, bias);
  const zeros = layerOf(kernel, new Float32Array(units));
  const half = layerOf(kernel, new Float32Array(units));
  const itemHalves = new Rows(kernel, items.count, (units + 3) & ~3);
  for (let item = 0; item < items.count; item++) {
    if (item % stepRows === 0) yield;
    const to = itemHalves.address(item);
    kernel.dense(to, items.address(item), itemWeights.address, itemBias.address, d, units, 0);
  }
  let current = -1;
  return {
    units,
    users,
    items,
    userHalf(user) {
      if (user !== current) {
        kernel.dense(half.address, users.address(user), userWeights.address, zeros.address, d, units, 0);
        current = user;
      }
      return half.address;
    },
    itemHalf: (item) => itemHalves.address(item),
    release() {
      for (const rows of [users, items, itemHalves]) rows.release();
      for (const block of [userWeights, itemWeights, itemBias, zeros, half]) kernel.memory.release(block);
    },
  };
}
