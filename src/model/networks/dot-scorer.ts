/** ŷ = μ + b_u + b_i + p_u·q_i: `embedding`, and `autoencoder`, whose q is an item's hidden layer and p a user's weights. */
import { rowsOf } from './rows.ts';
import { dataOf, tensorOf, type ScorerOf } from './scorer.ts';

export const dotScorer = (userName: string, itemName: string): ScorerOf =>
  function* (tensors, kernel) {
    const users = yield* rowsOf(kernel, tensorOf(tensors, userName));
    const items = yield* rowsOf(kernel, tensorOf(tensors, itemName));
    const mean = dataOf(tensors, 'mean')[0]!;
    const userBias = dataOf(tensors, 'user.bias');
    const itemBias = dataOf(tensors, 'item.bias');
    return {
      score(user, item, out, at) {
        const dot = kernel.dot(users.address(user), items.address(item), items.stride);
        out[at] = mean + userBias[user]! + itemBias[item]! + dot;
      },
      release() {
        users.release();
        items.release();
      },
    };
  };
