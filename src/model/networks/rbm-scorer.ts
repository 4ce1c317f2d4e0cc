/**
 * ŷ = Σ_l v_l softmax_l(a_ul + W_ul·h_i): the mean of the levels v by their probabilities, given the item's hidden units h_i.
 */
import type { Kernel } from '../../kernel/kernel.ts';
import { layerOf, rowsOf } from './rows.ts';
import { dataOf, tensorOf, type Scorer } from './scorer.ts';
import type { Steps } from '../steps.ts';
import type { Tensors } from './tensor.ts';

export function* rbmScorer(tensors: Tensors, kernel: Kernel): Steps<Scorer> {
  const values = dataOf(tensors, 'level.values');
  const levels = values.length;
  const hidden = tensorOf(tensors, 'item.hidden').shape[1]!;
  const weights = yield* rowsOf(kernel, tensorOf(tensors, 'user.kernel'));
  const biases = yield* rowsOf(kernel, tensorOf(tensors, 'user.levels'));
  const items = yield* rowsOf(kernel, tensorOf(tensors, 'item.hidden'));
  const odds = layerOf(kernel, new Float32Array(levels));
  return {
    score(user, item, out, at) {
      kernel.softmax(odds.address, items.address(item), weights.address(user), biases.address(user), hidden, levels);
      let mean = 0;
      for (let l = 0; l < levels; l++) mean += odds.floats[l]! * values[l]!;
      out[at] = mean;
    },
    release() {
      for (const rows of [weights, biases, items]) rows.release();
      kernel.memory.release(odds);
    },
  };
}
