/**
 * Products and sums that TensorFlow.js' backends do best in different ways. The WebAssembly backend multiplies by a transposed
 * matrix eight times slower than it transposes and multiplies, and multiplies faster than it cuts or sums rows; the native one
 * does in one op what it has an op for, and every op costs some 30 us whatever its size.
 */
import type * as TensorFlow from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';

export type Tf = typeof TensorFlow;

const isNative = (tf: Tf): boolean => tf.getBackend() === 'tensorflow';

/** a b, with the first or the second of them transposed. */
export function product(tf: Tf, a: Tensor2D, b: Tensor2D, transposed: 'first' | 'second'): Tensor2D {
  if (isNative(tf)) return tf.matMul(a, b, transposed === 'first', transposed === 'second');
  return transposed === 'first' ? tf.matMul(tf.transpose(a), b) : tf.matMul(a, tf.transpose(b));
}

/** 1 where `y`, which nowhere is negative, is positive, and 0 elsewhere. */
export const positive = (tf: Tf, y: Tensor2D): Tensor2D => (isNative(tf) ? tf.sign(y) : tf.step(y));

/** [B, c] → [1, c]: `factor` times the sum over the batch. */
export function sumOfRows(tf: Tf, x: Tensor2D, factor = 1): Tensor2D {
  if (!isNative(tf)) return tf.matMul(tf.fill([1, x.shape[0]], factor), x);
  const sum: Tensor2D = tf.sum(x, 0, true);
  return factor === 1 ? sum : tf.mul(sum, factor);
}

/** [B, c] → [B, 1]: half of the sum of each row. */
export const sumOfHalves = (tf: Tf, x: Tensor2D): Tensor2D => tf.matMul(x, tf.fill([x.shape[1], 1], 0.5));

/** [B, 2d]: the same rows with their halves changed over. */
export function changedOver(tf: Tf, rows: Tensor2D): Tensor2D {
  const [size, width] = rows.shape;
  const half = width / 2;
  if (isNative(tf)) {
    const [first, second] = [tf.slice2d(rows, [0, 0], [size, half]), tf.slice2d(rows, [0, half], [size, half])];
    return tf.concat2d([second, first], 1);
  }
  const values = new Float32Array(width * width);
  for (let column = 0; column < width; column++) values[((column + half) % width) * width + column] = 1;
  return tf.matMul(rows, tf.tensor2d(values, [width, width]));
}
