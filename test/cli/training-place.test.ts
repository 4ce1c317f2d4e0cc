/** Trainings in a thread of their own, by the built program: sources have no file that a thread could begin with. */
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system/clock.ts';
import type * as Place from '../../src/cli/training/place.ts';
import { splitRandomly } from '../../src/train/split.ts';
import type { TrainOptions } from '../../src/train/trained.ts';
import { syntheticWindow } from '../train/synthetic-window.ts';

const built = new URL('../../dist/cli/training/place.js', import.meta.url).href;
const { trainElsewhere } = (await import(built)) as typeof Place;
const { rest, heldOut } = splitRandomly(syntheticWindow(3000), 0.1, 1);
const options: TrainOptions = { seed: 1, budgetSeconds: 30, clock: systemClock, hyper: { epochs: 2 } };

describe('a training in a thread', () => {
  it.each(['embedding', 'autoencoder'] as const)('gives %s', async (kind) => {
    const trained = await trainElsewhere(kind, 'wasm')(rest, heldOut, options);
    expect(trained).toMatchObject({ kind, epochs: 2 });
    expect(trained.tensors.get('user.bias')!.data).toHaveLength(rest.userIds.length);
  });

  it('tells how far it is', async () => {
    const ratios: number[] = [];
    const onProgress = ({ epochRatio }: { epochRatio: number }): void => void ratios.push(epochRatio);
    await trainElsewhere('embedding', 'wasm')(rest, heldOut, { ...options, onProgress });
    expect(ratios.at(-1)).toBe(1);
  });

  it('says why it failed', async () => {
    const poisoned = { ...rest, ratings: rest.ratings.map(() => NaN) };
    await expect(trainElsewhere('embedding', 'wasm')(poisoned, heldOut, options)).rejects.toMatchObject({
      code: 'FRESHET_TRAINING_FAILED',
      message: expect.stringContaining('it diverged') as string,
    });
  });

  it('ends when it is aborted', async () => {
    const controller = new AbortController();
    const endless = { ...options, budgetSeconds: 600, hyper: { epochs: 1e6, patience: 1e6 } };
    const onProgress = (): void => controller.abort(new Error('enough'));
    const training = trainElsewhere('deep', 'wasm')(rest, heldOut, {
      ...endless,
      onProgress,
      signal: controller.signal,
    });
    await expect(training).rejects.toThrow('enough');
  });
});
