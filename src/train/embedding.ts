/**
 * Matrix factorization by embeddings, after the seed document's Keras model.
 *
 *   r̂ = μ + b_u + b_i + p_u · q_i
 *
 * μ, b: `mean`, `user.bias`, `item.bias`; p, q: `user.embedding` [n, d], `item.embedding` [m, d].
 * Rows are drawn. Loss, update, unknown users and items, and what the seed fixes are those of deep.ts.
 * Departures from the document: mean, biases and the penalty, without which 100 epochs learn the training part by heart.
 */
import type { Definition } from './definition.ts';

export const embedding: Definition = {
  kind: 'embedding',
  dense: () => [],
  norms: [],
  dropouts: [],
  forward: (layers, rows) => layers.dot(rows),
};
