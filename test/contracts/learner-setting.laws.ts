import { expect, it } from 'vitest';
import { mix } from '../../src/kernel/seeded.ts';
import { defaultSettings, type LearnerSettings } from '../../src/model/settings.ts';
import { play, type Operation } from './learner-harness.ts';
import type { Make } from './learner.contract.ts';

/** Small enough that the posterior has to choose. */
const base: LearnerSettings = {
  ...defaultSettings,
  effort: 'full',
  sketchWidth: 32,
  recentRatings: 4,
  similarRatings: 5,
};

/** Another sensible value for every setting. */
const others: { readonly [S in keyof LearnerSettings]: LearnerSettings[S] } = {
  k: 16,
  seed: 2,
  effort: 'fast',
  historyLimit: 8,
  sketchWidth: 64,
  recentRatings: 3,
  similarRatings: 4,
  replays: 3,
  replayWindow: 8,
  itemDamping: 7,
  userDamping: 7,
  recentDecayRatio: 0.9,
  recentDamping: 9,
  sessionGapSeconds: 20,
  learningRate: 0.05,
  learningRateFloor: 0.05,
  learningRateHalfCount: 50,
  regularization: 0.2,
  initialDeviation: 0.3,
  ridge: 4,
  contextRidge: 13,
  stackDecayRatio: 0.99,
};

/** A few hundred ratings with structure, changes of mind and pauses around every limit. */
const stream = Array.from({ length: 400 }, (_, n): Operation => {
  const [user, item] = [mix(n) % 5, mix(n + 1e6) % 12];
  const rating = 3 + ((user + item) % 2 === 0 ? 1 : -1) + (mix(n + 2e6) % 100) / 100;
  return { kind: 'rate', user, item, rating, weight: 1, pause: [0, 30, 3600][n % 3]! };
});

export function settingLaws(make: Make): void {
  it.each(Object.keys(others) as (keyof LearnerSettings)[])('%s matters: another value answers otherwise', (name) => {
    expect(others[name]).not.toBe(base[name]);
    const answers = play(make(base), stream);
    expect(play(make({ ...base, [name]: others[name] }), stream)).not.toEqual(answers);
  });

  it('has no setting that this test does not know', () => {
    expect(Object.keys(others).sort()).toEqual(Object.keys(base).sort());
  });
}
