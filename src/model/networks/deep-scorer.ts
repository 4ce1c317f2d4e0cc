/**
 * ŷ = μ + b_u + b_i + w · N₂(max(0, W₂ N₁(max(0, W₁ [p_u, q_i] + c₁)) + c₂)) + c, with both normalizations folded into the
 * layer after them: N(x) = s x + t, so W N(x) + c = (W s) x + (W t + c). What dropout leaves out in training is all there.
 */
import type { Kernel } from '../../kernel/kernel.ts';
import { halvesOf } from './halves.ts';
import { layerOf } from './rows.ts';
import { dataOf, type Scorer } from './scorer.ts';
import type { Steps } from '../steps.ts';
import type { Tensors } from './tensor.ts';

/** Added to variances, in training as well. */
export const normEpsilon = 1e-3;

export function* deepScorer(tensors: Tensors, kernel: Kernel): Steps<Scorer> {
  const halves = yield* halvesOf(tensors, kernel);
  const second = folded(tensors, 'norm1', 'dense2');
  const last = folded(tensors, 'norm2', 'out');
  const units = second.bias.length;
  const weights = layerOf(kernel, second.weights);
  const bias = layerOf(kernel, second.bias);
  const outWeights = layerOf(kernel, last.weights);
  const hidden1 = layerOf(kernel, new Float32Array(halves.units));
  const hidden2 = layerOf(kernel, new Float32Array(units));
  const base = dataOf(tensors, 'mean')[0]! + last.bias[0]!;
  const userBias = dataOf(tensors, 'user.bias');
  const itemBias = dataOf(tensors, 'item.bias');
  return {
    score(user, item, out, at) {
      kernel.sumRelu(hidden1.address, halves.userHalf(user), halves.itemHalf(item), halves.units);
      kernel.dense(hidden2.address, hidden1.address, weights.address, bias.address, halves.units, units, 1);
      const sum = kernel.dot(hidden2.address, outWeights.address, units);
      out[at] = base + userBias[user]! + itemBias[item]! + sum;
    },
    release() {
      halves.release();
      for (const block of [weights, bias, outWeights, hidden1, hidden2]) kernel.memory.release(block);
    },
  };
}

/** A layer with the normalization before it. */
function folded(tensors: Tensors, norm: string, layer: string): { weights: Float32Array; bias: Float32Array } {
  const weights = dataOf(tensors, `${layer}.kernel`).slice();
  const bias = Float64Array.from(dataOf(tensors, `${layer}.bias`));
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'mean', 'variance'].map((part) =>
    dataOf(tensors, `${norm}.${part}`),
  );
  const outputs = bias.length;
  gamma!.forEach((factor, input) => {
    const scale = factor / Math.sqrt(variance![input]! + normEpsilon);
    const shift = beta![input]! - mean![input]! * scale;
    for (let o = 0; o < outputs; o++) {
      const at = input * outputs + o;
      bias[o] = bias[o]! + shift * weights[at]!;
      weights[at] = weights[at]! * scale;
    }
  });
  return { weights, bias: Float32Array.from(bias) };
}
