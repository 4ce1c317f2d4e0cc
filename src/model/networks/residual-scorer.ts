/**
 * x = [p_u, q_i];  y = x + max(0, W₃ max(0, W₂ max(0, W₁ x + c₁) + c₂) + c₃);  ŷ = μ + b_u + b_i + w₀ p_u·q_i + w·y + c.
 * What x itself adds to w·y is a number of the user and a number of the item, computed once.
 */
import type { Kernel } from '../../kernel/kernel.ts';
import { halvesOf } from './halves.ts';
import { layerOf } from './rows.ts';
import { dataOf, tensorOf, type Scorer } from './scorer.ts';
import type { Tensors } from './tensor.ts';

export function residualScorer(tensors: Tensors, kernel: Kernel): Scorer {
  const halves = halvesOf(tensors, kernel);
  const d = tensorOf(tensors, 'user.embedding').shape[1]!;
  const [dotWeight, ...blockWeights] = dataOf(tensors, 'out.kernel');
  const userBias = biasWith(tensors, 'user', blockWeights.slice(0, d));
  const itemBias = biasWith(tensors, 'item', blockWeights.slice(d));
  const base = dataOf(tensors, 'mean')[0]! + dataOf(tensors, 'out.bias')[0]!;
  const [weights2, bias2, weights3, bias3] = ['dense2.kernel', 'dense2.bias', 'dense3.kernel', 'dense3.bias'].map(
    (name) => layerOf(kernel, dataOf(tensors, name)),
  );
  const out = layerOf(kernel, blockWeights);
  const inner = dataOf(tensors, 'dense2.bias').length;
  const hidden1 = layerOf(kernel, new Float32Array(2 * d));
  const hidden2 = layerOf(kernel, new Float32Array(inner));
  return {
    score(user, item) {
      kernel.sumRelu(hidden1.address, halves.userHalf(user), halves.itemHalf(item), 2 * d);
      kernel.dense(hidden2.address, hidden1.address, weights2!.address, bias2!.address, 2 * d, inner, 1);
      kernel.dense(hidden1.address, hidden2.address, weights3!.address, bias3!.address, inner, 2 * d, 1);
      const dot = kernel.dot(halves.users.address(user), halves.items.address(item), d);
      return (
        base + userBias[user]! + itemBias[item]! + dotWeight! * dot + kernel.dot(hidden1.address, out.address, 2 * d)
      );
    },
    release() {
      halves.release();
      for (const block of [weights2!, bias2!, weights3!, bias3!, out, hidden1, hidden2]) kernel.memory.release(block);
    },
  };
}

/** Each bias and what the row adds by itself. */
function biasWith(tensors: Tensors, side: 'user' | 'item', weights: readonly number[]): Float64Array {
  const rows = dataOf(tensors, `${side}.embedding`);
  return Float64Array.from(dataOf(tensors, `${side}.bias`), (bias, row) =>
    weights.reduce((sum, weight, i) => sum + weight * rows[row * weights.length + i]!, bias),
  );
}
