/** ŷ = μ + b_u + b_i + p_u·q_i: `embedding`, and `autoencoder`, whose q is an item's hidden layer and p a user's weights. */
import type { Kernel } from '../../kernel/kernel.ts';
import { rowsOf } from './rows.ts';
import { dataOf, tensorOf, type Scorer } from './scorer.ts';
import type { Tensors } from './tensor.ts';

export const dotScorer =
  (userName: string, itemName: string) =>
  (tensors: Tensors, kernel: Kernel): Scorer => {
    const users = rowsOf(kernel, tensorOf(tensors, userName));
    const items = rowsOf(kernel, tensorOf(tensors, itemName));
    const mean = dataOf(tensors, 'mean')[0]!;
    const userBias = dataOf(tensors, 'user.bias');
    const itemBias = dataOf(tensors, 'item.bias');
    return {
      score: (user, item) =>
        mean + userBias[user]! + itemBias[item]! + kernel.dot(users.address(user), items.address(item), items.stride),
      release() {
        users.release();
        items.release();
      },
    };
  };
