/**
 * A network over the rows of user and item, after the seed document's `build_deep_learning_model`.
 *
 *   r̂ = μ + b_u + b_i + w · N₂(max(0, W₂ N₁(max(0, W₁ [p_u, q_i] + c₁)) + c₂)) + c        N: batch normalization, then dropout
 *
 * μ, b: `mean`, `user.bias`, `item.bias`; p, q: `user.embedding` [n, d], `item.embedding` [m, d]; W₁, c₁: `dense1`, 128
 * units; W₂, c₂: `dense2`, 64 units; w, c: `out`; N₁, N₂: `norm1`, `norm2`.
 * Rows and biases begin as those of an embedding network (embedding.ts), which is trained first: drawn rows tell the layers
 * nothing, and the penalty takes them away before the layers have found a use for them.
 * Loss: mean squared error of a batch, and a penalty on biases and rows that the batch touches. Update: Adam, lazy on rows
 * (row-table.ts), with a rate that falls with every epoch; the weights of the best epoch by validation are kept (fit.ts).
 * Unknown users and items have the mean of all rows, and no bias.
 * The seed fixes first weights, order, and dropout masks: on one backend every bit of the result.
 * Departures from the document: mean and biases stand outside, rows are penalized and not drawn, dropout is a setting below its .5, and
 * training ends by validation. With its own settings the network learns by heart, or hardly at all.
 */
import type { Definition } from './definition.ts';

export const deep: Definition = {
  kind: 'deep',
  dense: (d) => [
    { name: 'dense1', inputs: 2 * d, units: 128 },
    { name: 'dense2', inputs: 128, units: 64 },
    { name: 'out', inputs: 64, units: 1 },
  ],
  norms: [
    { name: 'norm1', units: 128 },
    { name: 'norm2', units: 64 },
  ],
  dropouts: [128, 64],
  forward(layers, rows) {
    const first = layers.dropout(layers.norm('norm1', layers.dense('dense1', rows, 'relu')));
    const second = layers.dropout(layers.norm('norm2', layers.dense('dense2', first, 'relu')));
    return layers.dense('out', second);
  },
};
