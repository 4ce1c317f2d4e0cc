import { describe, expect, it } from 'vitest';
import { createKernel } from '../../src/kernel/choose.ts';
import { createPlainKernel } from '../../src/kernel/plain.ts';
import { ItemTable } from '../../src/model/item-table.ts';
import { expertNames } from '../../src/model/answer.ts';
import { Learner } from '../../src/model/learner.ts';
import { innerScale, toInner } from '../../src/model/scale.ts';
import { defaultSettings, efforts, withPosterior, type Effort } from '../../src/model/settings.ts';
import { unknownStreams, type StreamRating } from './unknown-streams.ts';

const [meanAt, biasAt, blendAt] = [0, 1, expertNames.length - 1];
/** From here on the published prediction may not be worse than the better baseline by more than a hundredth. */
const afterEvents = 1000;
const mayBeWorseRatio = 0.01;
/** An error of a thousandth of an inner unit is none: where a baseline is exactly right there is no hundredth of it. */
const noError = 1e-3;

function newLearner(effort: Effort): Learner {
  const isFull = effort === 'full';
  const settings = isFull ? withPosterior(defaultSettings) : { ...defaultSettings, effort };
  return new Learner(settings, new ItemTable(settings, isFull ? createKernel() : createPlainKernel()));
}

type Ids = Omit<StreamRating, 'rating'>;

/** Predicts, checks that the answer is sane, learns; squared errors of all experts, event by event. */
function squaredErrors(
  learner: Learner,
  events: readonly Ids[],
  innerRatingOf: (event: number, published: number) => number,
): Float64Array[] {
  return events.map(({ userId, itemId, seconds }, event) => {
    const answer = learner.predictOne(learner.users.find(userId), learner.items.find(itemId), seconds);
    for (const value of [...answer.experts, answer.low, answer.high]) {
      if (!(value >= innerScale.lo && value <= innerScale.hi)) expect.fail(`${value} at event ${event}`);
    }
    const rating = innerRatingOf(event, answer.prediction);
    const errors = answer.experts.map((expert) => (expert - rating) ** 2);
    learner.learnOne(userId, itemId, rating, seconds, 1);
    if (event % 100 === 99) learner.settle();
    return errors;
  });
}

/** The largest RMSE of the blend over that of the better baseline, less 1, in total after so many events. */
function worstExcess(errors: readonly Float64Array[]): number {
  const sums = new Float64Array(expertNames.length);
  let worst = -Infinity;
  errors.forEach((squared, event) => {
    squared.forEach((value, i) => (sums[i]! += value));
    if (event + 1 < afterEvents) return;
    const rmse = sums.map((sum) => Math.sqrt(sum / (event + 1)));
    const better = Math.min(rmse[meanAt]!, rmse[biasAt]!);
    worst = Math.max(worst, Math.max(rmse[blendAt]!, noError) / Math.max(better, noError) - 1);
  });
  return worst;
}

const seedsOf: Readonly<Record<Effort, number[]>> = { balanced: [1, 2], fast: [3], full: [4] };

describe.each(efforts)('on unknown streams, effort %s', (effort) => {
  describe.each(seedsOf[effort])('seed %i', (seed) => {
    it.each(unknownStreams(seed))('is sane and no worse than the better baseline: $name', ({ scale, ratings }) => {
      const errors = squaredErrors(newLearner(effort), ratings, (event) => toInner(scale, ratings[event]!.rating));
      expect(worstExcess(errors)).toBeLessThan(mayBeWorseRatio);
    });
  });

  it('is no worse than the better baseline when an adversary rates against what was published', () => {
    const events = Array.from({ length: 3000 }, (_, event) => {
      return { userId: `u${event % 20}`, itemId: `i${event % 37}`, seconds: 60 * event };
    });
    const errors = squaredErrors(newLearner(effort), events, (_, published) => (published > 3 ? 1 : 5));
    expect(worstExcess(errors)).toBeLessThan(mayBeWorseRatio);
  });

  it('answers in the middle before anything is known, and sanely after one rating', () => {
    const learner = newLearner(effort);
    expect([...learner.predictOne(-1, -1, 0).experts]).toEqual([3, 3, 3, 3]);
    learner.learnOne('u', 'i', 5, 0, 1);
    const { experts, prediction, low, high } = learner.predictOne(learner.users.find('u'), learner.items.find('i'), 9);
    expect(experts[meanAt]).toBe(4);
    expect(prediction).toBeGreaterThanOrEqual(4);
    expect(prediction).toBeLessThan(5);
    expect([low < prediction, high > prediction]).toEqual([true, true]);
  });
});
