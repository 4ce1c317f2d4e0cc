/**
 * x = [p_u, q_i];  y = x + max(0, W₃ max(0, W₂ max(0, W₁ x + c₁) + c₂) + c₃);  ŷ = μ + b_u + b_i + w₀ p_u·q_i + w·y + c.
 * What x itself adds to w·y is a number of the user and a number of the item, computed once.
 */
import type { Kernel } from '../../kernel/kernel.ts';
import { halvesOf } from './halves.ts';
import { layerOf, stepRows } from './rows.ts';
import { dataOf, tensorOf, type Scorer } from './scorer.ts';
import type { Steps } from '../steps.ts';
import type { Tensors } from './tensor.ts';

export function* residualScorer(tensors: Tensors, kernel: Kernel): Steps<Scorer> {
  const halves = yield* halvesOf(tensors, kernel);
  const d = tensorOf(tensors, 'user.embedding').shape[1]!;
  const [dotWeight, ...blockWeights] = dataOf(tensors, 'out.kernel');
  const userBias = yield* biasWith(tensors, 'user', blockWeights.slice(0, d));
  const itemBias = yield* biasWith(tensors, 'item', blockWeights.slice(d));
  const base = dataOf(tensors, 'mean')[0]! + dataOf(tensors, 'out.bias')[0]!;
  const [weights2, bias2, weights3, bias3] = ['dense2.kernel', 'dense2.bias', 'dense3.kernel', 'dense3.bias'].map(
    (name) => layerOf(kernel, dataOf(tensors, name)),
  );
  const outWeights = layerOf(kernel, blockWeights);
  const inner = dataOf(tensors, 'dense2.bias').length;
  const hidden1 = layerOf(kernel, new Float32Array(2 * d));
  const hidden2 = layerOf(kernel, new Float32Array(inner));
  return {
    score(user, item, out, at) {
      kernel.sumRelu(hidden1.address, halves.userHalf(user), halves.itemHalf(item), 2 * d);
      kernel.dense(hidden2.address, hidden1.address, weights2!.address, bias2!.address, 2 * d, inner, 1);
      kernel.dense(hidden1.address, hidden2.address, weights3!.address, bias3!.address, inner, 2 * d, 1);
      const dot = kernel.dot(halves.users.address(user), halves.items.address(item), d);
      const block = kernel.dot(hidden1.address, outWeights.address, 2 * d);
      out[at] = base + userBias[user]! + itemBias[item]! + dotWeight! * dot + block;
    },
    release() {
      halves.release();
      for (const block of [weights2!, bias2!, weights3!, bias3!, outWeights, hidden1, hidden2])
        kernel.memory.release(block);
    },
  };
}

/** Each bias and what the row adds by itself. */
function* biasWith(tensors: Tensors, side: 'user' | 'item', weights: readonly number[]): Steps<Float64Array> {
  const rows = dataOf(tensors, `${side}.embedding`);
  const biases = Float64Array.from(dataOf(tensors, `${side}.bias`));
  for (let row = 0; row < biases.length; row++) {
    if (row % stepRows === 0) yield;
    for (let i = 0; i < weights.length; i++) biases[row] = biases[row]! + weights[i]! * rows[row * weights.length + i]!;
  }
  return biases;
}
