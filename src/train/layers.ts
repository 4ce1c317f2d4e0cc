/**
 * The layers of networks on TensorFlow.js core ops; `tf` is passed in, for two copies of it do not share tensors.
 * Every gradient is written out: tfjs-core registers none by itself.
 */
import type { GradSaveFunc, Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { changedOver, positive, product, sumOfHalves, sumOfRows, type Tf } from './tf-ops.ts';

export const normEpsilon = 1e-3;

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
      const through: Tensor2D = activation === 'relu' ? tf.mul(dy, positive(tf, y as Tensor2D)) : dy;
      return [
        product(tf, through, kernel as Tensor2D, 'second'),
        product(tf, x as Tensor2D, through, 'first'),
        flat(tf, sumOfRows(tf, through)),
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
      const mean = sumOfRows(tf, x as Tensor2D, 1 / size);
      const centred: Tensor2D = tf.sub(x!, mean);
      const variance = sumOfRows(tf, tf.square(centred), 1 / size);
      seen({ mean: tf.keep(flat(tf, mean)), variance: tf.keep(flat(tf, variance)) });
      const scale = tf.rsqrt(tf.add(variance, normEpsilon));
      const normal = tf.mul(centred, scale);
      save([normal, scale, gamma!]);
      return tf.add(tf.mul(normal, gamma!), beta!);
    },
    (dy, [normal, scale, gamma]) => {
      const size = dy.shape[0];
      const sum = sumOfRows(tf, dy);
      const along = sumOfRows(tf, tf.mul(dy, normal!));
      const centred = tf.sub(dy, tf.add(tf.div(sum, size), tf.mul(normal!, tf.div(along, size))));
      return [tf.mul(centred, tf.mul(scale!, gamma!)), flat(tf, along), flat(tf, sum)];
    },
  );
}

/** Over given moments, as it serves. */
export const norm = (tf: Tf, x: Tensor2D, gamma: Tensor, beta: Tensor, { mean, variance }: Moments): Tensor2D =>
  tf.add(tf.mul(tf.sub(x, mean), tf.mul(gamma, tf.rsqrt(tf.add(variance, normEpsilon)))), beta);

/** [B, 2d] → [B, 1]: the dot product of the two halves of each row. */
export const dot = (tf: Tf, rows: Tensor2D): Tensor2D =>
  withGradient(
    tf,
    [rows],
    ([rows], save) => {
      const changed = changedOver(tf, rows as Tensor2D);
      save([changed]);
      return sumOfHalves(tf, tf.mul(rows!, changed));
    },
    (dy, [changed]) => [tf.mul(changed!, dy)],
  );

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
