/**
 * Dot product and a residual block side by side, after the seed document's `build_residual_matrix_factorization_model`.
 *
 *   x = [p_u, q_i],   y = x + max(0, W₃ max(0, W₂ max(0, W₁ x + c₁) + c₂) + c₃),   r̂ = μ + b_u + b_i + w · [p_u·q_i, y] + c
 *
 * μ, b: `mean`, `user.bias`, `item.bias`; p, q: `user.embedding` [n, d], `item.embedding` [m, d]; W₁, W₂, W₃ and their c:
 * `dense1`, `dense2`, `dense3` of 2d, 64 and 2d units; w, c: `out`.
 * Begin, loss, update, unknown users and items, and what the seed fixes are those of deep.ts.
 * Departures from the document: mean and biases stand outside, rows are penalized and not drawn, training ends by validation.
 */
import type { Definition } from './definition.ts';

export const residual: Definition = {
  kind: 'residual',
  dense: (d) => [
    { name: 'dense1', inputs: 2 * d, units: 2 * d },
    { name: 'dense2', inputs: 2 * d, units: 64 },
    { name: 'dense3', inputs: 64, units: 2 * d },
    { name: 'out', inputs: 1 + 2 * d, units: 1 },
  ],
  norms: [],
  dropouts: [],
  // It begins as the dot product alone.
  firstOut: (d) => new Float32Array(1 + 2 * d).fill(1, 0, 1),
  forward(layers, rows) {
    const first = layers.dense('dense1', rows, 'relu');
    const block = layers.dense('dense3', layers.dense('dense2', first, 'relu'), 'relu');
    return layers.dense('out', layers.concat(layers.dot(rows), layers.add(block, rows)));
  },
};
