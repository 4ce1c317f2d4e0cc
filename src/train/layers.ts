/**
 * The layers of networks on TensorFlow.js core ops; `tf` is passed in, for two copies of it do not share tensors.
 *
 * Every gradient is written out: tfjs-core registers none by itself, the WebAssembly backend multiplies by a transposed matrix eight times slower
 * than it transposes and multiplies, and sums over rows are a product with ones.
 */
import type * as TensorFlow from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core';

export type Tf = typeof TensorFlow;

export const normEpsilon = 1e-3;

/** [1, B] of 1/B or 1: its product with [B, c] is the mean or the sum over the batch. */
const row = (tf: Tf, length: number, value: number): Tensor2D => tf.fill([1, length], value);

const flat = (tf: Tf, x: Tensor): Tensor => tf.reshape(x, [x.size]);

/** tf.customGrad with types: `saved` comes back to the gradient. */
function withGradient(
  tf: Tf,
  inputs: readonly Tensor[],
  value: (inputs: Tensor[], save: (saved: Tensor[]) => void) => Tensor,
  gradient: (dy: Tensor2D, saved: Tensor[]) => Tensor[],
): Tensor2D {
  const op = tf.customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const save = args.pop() as GradSaveFunc;
    return {
      value: value(args as Tensor[], save),
      gradFunc: (dy: Tensor, saved: Tensor[]) => gradient(dy as Tensor2D, saved),
    };
  });
  return op(...inputs) as Tensor2D;
}

export function dense(tf: Tf, x: Tensor2D, kernel: Tensor2D, bias: Tensor, activation?: 'relu'): Tensor2D {
  return withGradient(
    tf,
    [x, kernel, bias],
    ([x, kernel, bias], save) => {
      const y = tf.fused.matMul({
        a: x as Tensor2D,
        b: kernel as Tensor2D,
        bias: bias!,
        activation: activation ?? 'linear',
      });
      save([x!, kernel!, y]);
      return y;
    },
    (dy, [x, kernel, y]) => {
      const through = activation === 'relu' ? tf.mul(dy, tf.step(y!)) : dy;
      return [
        tf.matMul(through, tf.transpose(kernel!)),
        tf.matMul(tf.transpose(x!), through),
        flat(tf, tf.matMul(row(tf, dy.shape[0], 1), through)),
      ];
    },
  );
}

export interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** Over the moments of the batch, which `seen` is told of: they outlive the evaluation until they are disposed. */
export function batchNorm(
  tf: Tf,
  x: Tensor2D,
  gamma: Tensor,
  beta: Tensor,
  seen: (moments: Moments) => void,
): Tensor2D {
  return withGradient(
    tf,
    [x, gamma, beta],
    ([x, gamma, beta], save) => {
      const size = x!.shape[0];
      const average = row(tf, size, 1 / size);
      const mean = tf.matMul(average, x!);
      const centred = tf.sub(x!, mean);
      const variance = tf.matMul(average, tf.square(centred));
      seen({ mean: tf.keep(flat(tf, mean)), variance: tf.keep(flat(tf, variance)) });
      const scale = tf.rsqrt(tf.add(variance, normEpsilon));
      const normal = tf.mul(centred, scale);
      save([normal, scale, gamma!]);
      return tf.add(tf.mul(normal, gamma!), beta!);
    },
    (dy, [normal, scale, gamma]) => {
      const size = dy.shape[0];
      const ones = row(tf, size, 1);
      const sum = tf.matMul(ones, dy);
      const product = tf.matMul(ones, tf.mul(dy, normal!));
      const centred = tf.sub(dy, tf.add(tf.div(sum, size), tf.mul(normal!, tf.div(product, size))));
      return [tf.mul(centred, tf.mul(scale!, gamma!)), flat(tf, product), flat(tf, sum)];
    },
  );
}

/** Over given moments, as it serves. */
export const norm = (tf: Tf, x: Tensor2D, gamma: Tensor, beta: Tensor, { mean, variance }: Moments): Tensor2D =>
  tf.add(tf.mul(tf.sub(x, mean), tf.mul(gamma, tf.rsqrt(tf.add(variance, normEpsilon)))), beta);

/**
 * [B, 2d] → [B, 1]: the dot product of the two halves of each row. Half of the product with the row that has its halves
 * changed over, which a multiplication does faster than slices.
 */
export function dot(tf: Tf, rows: Tensor2D): Tensor2D {
  const width = rows.shape[1];
  return withGradient(
    tf,
    [rows],
    ([rows], save) => {
      const changed = tf.matMul(rows!, changedOver(tf, width));
      save([changed]);
      return tf.matMul(tf.mul(rows!, changed), tf.fill([width, 1], 0.5));
    },
    (dy, [changed]) => [tf.mul(changed!, dy)],
  );
}

/** [2d, 2d]: rows times this have their halves changed over. */
function changedOver(tf: Tf, width: number): Tensor2D {
  const values = new Float32Array(width * width);
  for (let column = 0; column < width; column++) values[((column + width / 2) % width) * width + column] = 1;
  return tf.tensor2d(values, [width, width]);
}

export const dropout = (tf: Tf, x: Tensor2D, mask: Tensor2D): Tensor2D =>
  withGradient(
    tf,
    [x],
    ([x], save) => {
      save([mask]);
      return tf.mul(x!, mask);
    },
    (dy, [mask]) => [tf.mul(dy, mask!)],
  );

export const add = (tf: Tf, a: Tensor2D, b: Tensor2D): Tensor2D =>
  withGradient(
    tf,
    [a, b],
    ([a, b]) => tf.add(a!, b!),
    // Each is disposed by itself when gradients are summed.
    (dy) => [tf.clone(dy), tf.clone(dy)],
  );

/** Side by side. */
export const concat = (tf: Tf, a: Tensor2D, b: Tensor2D): Tensor2D =>
  withGradient(
    tf,
    [a, b],
    ([a, b]) => tf.concat2d([a as Tensor2D, b as Tensor2D], 1),
    (dy) => {
      const [size, first] = a.shape;
      return [tf.slice2d(dy, [0, 0], [size, first]), tf.slice2d(dy, [0, first], [size, b.shape[1]])];
    },
  );

/** The mean of the squared errors. */
export const meanSquare = (tf: Tf, errors: Tensor2D): Scalar =>
  withGradient(
    tf,
    [errors],
    ([errors], save) => {
      save([errors!]);
      return tf.mean(tf.square(errors!));
    },
    (dy, [errors]) => [tf.mul(tf.mul(errors!, 2 / errors!.size), dy)],
  ) as Tensor as Scalar;

/** Answers minus targets. */
export const errorsOf = (tf: Tf, answers: Tensor2D, targets: Tensor2D): Tensor2D =>
  withGradient(
    tf,
    [answers],
    ([answers]) => tf.sub(answers!, targets),
    (dy) => [tf.clone(dy)],
  );
