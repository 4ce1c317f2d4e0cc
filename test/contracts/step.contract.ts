/** What every backend of the step must do: the numbers of the plain one, within 1e-4, the same bits each time. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { chance } from '../../src/train/chance.ts';
import { deep } from '../../src/train/deep.ts';
import type { Definition } from '../../src/train/definition.ts';
import { embedding } from '../../src/train/embedding.ts';
import type { Tf } from '../../src/train/tf-ops.ts';
import { initialParameters, layoutOf, lengthOf } from '../../src/train/parameters.ts';
import { residual } from '../../src/train/residual.ts';
import type { Batch, Gradients, Weights } from '../../src/train/step.ts';
import { tfStep } from '../../src/train/tf-step.ts';

export const definitions: readonly Definition[] = [embedding, deep, residual];
// No remarks about faster backends.
tf.enableProdMode();

const d = 8;
const size = 48;

export interface StepInput {
  readonly definition: Definition;
  readonly d: number;
  readonly weights: Weights;
  readonly batch: Batch;
}

export interface StepOutput {
  readonly gradients: Gradients;
  readonly answers: Float32Array;
}

/** Some weights and a batch; every gamma, beta and moment is a number of its own. */
export function stepInput(definition: Definition): StepInput {
  const drawn = chance(5);
  const uniform = (): number => drawn.uniform();
  const centred = (): number => drawn.centred();
  const numbers = (length: number, number: () => number): Float32Array => Float32Array.from({ length }, number);
  const layout = layoutOf(definition, d);
  const parameters = initialParameters(definition, d, chance(6)).map((value) => value + 0.1 * centred());
  const batch = {
    rows: numbers(size * 2 * d, centred),
    targets: numbers(size, centred),
    masks: definition.dropouts.map((units) => numbers(size * units, () => (uniform() < 0.25 ? 0 : 4 / 3))),
  };
  return {
    definition,
    d,
    weights: { parameters, moments: numbers(lengthOf(layout.moments), () => 0.2 + uniform()) },
    batch,
  };
}

export function onTensorFlow(tensorFlow: Tf, backend: string) {
  return async ({ definition, d, weights, batch }: StepInput): Promise<StepOutput> => {
    await tensorFlow.setBackend(backend);
    const step = tfStep(tensorFlow, backend, definition, d);
    return { gradients: step.step(weights, batch), answers: step.predict(weights, batch.rows) };
  };
}

export const onPlainBackend = onTensorFlow(tf, 'cpu');

export function stepContract(backend: string, run: (input: StepInput) => Promise<StepOutput>): void {
  describe.each(definitions)(`one step of $kind on ${backend}`, (definition) => {
    it('has the loss and the gradients of the plain backend, and its answers', async () => {
      const input = stepInput(definition);
      const [found, expected] = [await run(input), await onPlainBackend(input)];
      expect(Math.abs(found.gradients.loss - expected.gradients.loss)).toBeLessThan(1e-4);
      for (const name of ['rows', 'parameters', 'moments', 'errors'] as const) {
        expectClose(found.gradients[name], expected.gradients[name]);
      }
      expectClose(found.answers, expected.answers);
    });

    it('gives the same bits again, and leaves what it was given as it was', async () => {
      const input = stepInput(definition);
      const before = structuredClone({ weights: input.weights, batch: input.batch });
      const first = await run(input);
      expect(await run(input)).toEqual(first);
      expect({ weights: input.weights, batch: input.batch }).toEqual(before);
    });
  });
}

function expectClose(found: Float32Array, expected: Float32Array): void {
  expect(found).toHaveLength(expected.length);
  expect(Math.max(0, ...expected.map((value, n) => Math.abs(value - found[n]!)))).toBeLessThan(1e-4);
}
