/** Long work beside a stream: what it is made of, and whom it lets go first. */
import { expect, test } from 'vitest';
import { createPlainKernel } from '../../src/kernel/plain.ts';
import { decodeArtifact, decodingSteps, encodeArtifact } from '../../src/model/networks/artifact.ts';
import { networkKinds } from '../../src/model/networks/kinds.ts';
import { networkSteps } from '../../src/model/networks/serving.ts';
import { finished, type Steps } from '../../src/model/steps.ts';
import { inSlices } from '../../src/stream/in-slices.ts';
import { artifactOf } from '../model/networks/artifacts.ts';

/** Each look at it is a millisecond later. */
function countingClock() {
  let nowMs = 0;
  const counts = { breaths: 0, restedMs: 0 };
  return {
    counts,
    monotonicMs: () => nowMs++,
    breathe() {
      counts.breaths++;
      return Promise.resolve();
    },
    rest(ms: number) {
      counts.restedMs += ms;
      nowMs += ms;
      return Promise.resolve();
    },
  };
}

function* counting(steps: number): Steps<number> {
  for (let n = 0; n < steps; n++) yield;
  return steps;
}

test('rests for most of the time while somebody needs it', async () => {
  const clock = countingClock();
  const startMs = clock.monotonicMs();
  expect(await inSlices(counting(40), clock, () => true)).toBe(40);
  expect(clock.counts.restedMs).toBeGreaterThanOrEqual(0.6 * (clock.monotonicMs() - startMs));
  expect(finished(counting(40))).toBe(40);
});

test('does not rest while nobody does, and lets others run all the same', async () => {
  const clock = countingClock();
  expect(await inSlices(counting(40), clock, () => false)).toBe(40);
  expect(clock.counts.restedMs).toBe(0);
  expect(clock.counts.breaths).toBeGreaterThan(10);
});

test('rejects with what a step throws', async () => {
  const failing = (function* (): Steps<never> {
    yield;
    throw new Error('no more');
  })();
  await expect(inSlices(failing, countingClock(), () => false)).rejects.toThrow('no more');
});

test.each(networkKinds)('a network of kind %s is loaded in steps, each of a part of its rows', (kind) => {
  const [few, many] = [500, 5000].map((rows) => {
    const bytes = encodeArtifact(artifactOf(kind, { n: rows, m: rows }));
    const decoding = stepsOf(decodingSteps(bytes));
    const loading = stepsOf(networkSteps(decodeArtifact(bytes), createPlainKernel()));
    return { decoding, loading };
  });
  expect(many!.decoding).toBeGreaterThan(few!.decoding);
  expect(many!.loading).toBeGreaterThan(few!.loading * 5);
});

function stepsOf(steps: Steps<unknown>): number {
  let count = 0;
  while (steps.next().done !== true) count++;
  return count;
}
