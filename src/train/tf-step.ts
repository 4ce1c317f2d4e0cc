/** The step of a network on TensorFlow.js core ops, whichever backend `tf` has. */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { Definition, Layers } from './definition.ts';
import { add, batchNorm, concat, dense, dot, dropout, errorsOf, meanSquare, norm, type Moments } from './layers.ts';
import { layoutOf, lengthOf, type Part } from './parameters.ts';
import type { Batch, Gradients, Step, Weights } from './step.ts';
import type { Tf } from './tf-ops.ts';

export function tfStep(tf: Tf, backend: string, definition: Definition, d: number): Step {
  const layout = layoutOf(definition, d);
  const tensors = (parts: readonly Part[], values: Float32Array): Tensor[] =>
    parts.map(({ shape, from, to }) => tf.tensor(values.subarray(from, to), [...shape], 'float32'));
  const read = (parts: readonly Part[], from: readonly Tensor[]): Float32Array => {
    const values = new Float32Array(lengthOf(parts));
    parts.forEach((part, n) => values.set(from[n]!.dataSync<'float32'>(), part.from));
    return values;
  };
  const layersOf = (parameters: readonly Tensor[], others: Pick<Layers, 'norm' | 'dropout'>): Layers => ({
    dense: (name, x, activation) => {
      const [kernel, bias] = named(layout.parameters, parameters, [`${name}.kernel`, `${name}.bias`]);
      return dense(tf, x, kernel as Tensor2D, bias!, activation);
    },
    dot: (rows) => dot(tf, rows),
    add: (a, b) => add(tf, a, b),
    concat: (a, b) => concat(tf, a, b),
    ...others,
  });

  return {
    backend,
    step({ parameters }: Weights, batch: Batch): Gradients {
      const size = batch.targets.length;
      const seen: Moments[] = [];
      const kept: Tensor[] = [];
      try {
        return untracked(tf, () => {
          const targets = tf.tensor2d(batch.targets, [size, 1]);
          const loss = (rows: Tensor, ...values: Tensor[]) => {
            let dropouts = 0;
            const layers = layersOf(values, {
              norm: (name, x) => {
                const [gamma, beta] = named(layout.parameters, values, [`${name}.gamma`, `${name}.beta`]);
                return batchNorm(tf, x, gamma!, beta!, (moments) => {
                  seen.push(moments);
                  kept.push(moments.mean, moments.variance);
                });
              },
              dropout: (x) => dropout(tf, x, tf.tensor2d(batch.masks[dropouts++]!, x.shape)),
            });
            const errors = errorsOf(tf, definition.forward(layers, rows as Tensor2D), targets);
            kept.push(tf.keep(errors));
            return meanSquare(tf, errors);
          };
          const inputs = [tf.tensor2d(batch.rows, [size, 2 * d]), ...tensors(layout.parameters, parameters)];
          const { value, grads } = tf.valueAndGrads(loss)(inputs);
          return {
            loss: value.dataSync()[0]!,
            rows: grads[0]!.dataSync<'float32'>(),
            parameters: read(layout.parameters, grads.slice(1)),
            moments: read(
              layout.moments,
              seen.flatMap(({ mean, variance }) => [mean, variance]),
            ),
            errors: kept.at(-1)!.dataSync<'float32'>(),
          };
        });
      } finally {
        for (const tensor of kept) tensor.dispose();
      }
    },

    predict({ parameters, moments }: Weights, rows: Float32Array): Float32Array {
      return untracked(tf, () => {
        const values = tensors(layout.parameters, parameters);
        const served = tensors(layout.moments, moments);
        const layers = layersOf(values, {
          norm: (name, x) => {
            const [gamma, beta] = named(layout.parameters, values, [`${name}.gamma`, `${name}.beta`]);
            const [mean, variance] = named(layout.moments, served, [`${name}.mean`, `${name}.variance`]);
            return norm(tf, x, gamma!, beta!, { mean: mean!, variance: variance! });
          },
          dropout: (x) => x,
        });
        const size = rows.length / (2 * d);
        return definition.forward(layers, tf.tensor2d(rows, [size, 2 * d])).dataSync<'float32'>();
      });
    },
  };
}

/** tf.tidy for results without tensors: it would look for some in every number that it is given. */
function untracked<T>(tf: Tf, work: () => T): T {
  let result: T | undefined;
  tf.tidy(() => {
    result = work();
  });
  return result as T;
}

function named(parts: readonly Part[], tensors: readonly Tensor[], names: readonly string[]): Tensor[] {
  return names.map((name) => tensors[parts.findIndex((part) => part.name === name)]!);
}
