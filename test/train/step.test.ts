import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { describe, expect, it } from 'vitest';
import { definitions, onPlainBackend, onTensorFlow, stepContract, stepInput } from '../contracts/step.contract.ts';

stepContract('tfjs-wasm', onTensorFlow(tf, 'wasm'));

describe.each(definitions)('a step of $kind', (definition) => {
  /** Large enough for a loss in float32, small enough for few units to begin or cease to answer in between. */
  const difference = 2e-3;

  it('has the gradients that finite differences have', async () => {
    const input = stepInput(definition);
    const { gradients } = await onPlainBackend(input);
    for (const [values, gradient] of [
      [input.batch.rows, gradients.rows],
      [input.weights.parameters, gradients.parameters],
    ] as const) {
      for (let n = 0; n < values.length; n += Math.ceil(values.length / 12)) {
        const value = values[n]!;
        const lossAt = async (shift: number): Promise<number> => {
          values[n] = value + shift;
          const { loss } = (await onPlainBackend(input)).gradients;
          values[n] = value;
          return loss;
        };
        const slope = ((await lossAt(difference)) - (await lossAt(-difference))) / (2 * difference);
        expect(Math.abs(slope - gradient[n]!)).toBeLessThan(2e-3 + 0.05 * Math.abs(gradient[n]!));
      }
    }
  });

  it('tells errors whose mean square is the loss', async () => {
    const { loss, errors } = (await onPlainBackend(stepInput(definition))).gradients;
    expect(errors.reduce((sum, error) => sum + error * error, 0) / errors.length).toBeCloseTo(loss, 4);
  });

  it('leaves no tensor behind', async () => {
    const input = stepInput(definition);
    await onPlainBackend(input);
    const before = tf.memory().numTensors;
    await onPlainBackend(input);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('what serves', () => {
  it('normalizes by the moments that it is given, as a batch with such moments is', async () => {
    const deep = definitions.find(({ kind }) => kind === 'deep')!;
    const input = stepInput(deep);
    const masks = input.batch.masks.map((mask) => mask.map(() => 1));
    const { gradients } = await onPlainBackend({ ...input, batch: { ...input.batch, masks } });
    const weights = { ...input.weights, moments: gradients.moments };
    const { answers } = await onPlainBackend({ ...input, weights });
    const trained = gradients.errors.map((error, n) => error + input.batch.targets[n]!);
    expect(Math.max(...trained.map((answer, n) => Math.abs(answer - answers[n]!)))).toBeLessThan(1e-4);
  });
});
