import fc from 'fast-check';
import { expect, it } from 'vitest';
import { innerScale } from '../../src/model/scale.ts';
import {
  answerBits,
  itemIdOf,
  operations,
  ownOperations,
  play,
  smallSettings,
  stateOf,
  userIdOf,
  type Operation,
} from './learner-harness.ts';
import type { Make } from './learner.contract.ts';

/** Any row there is, or none. */
const askedIds = fc.record({ user: fc.integer({ min: 0, max: 6 }), item: fc.integer({ min: 0, max: 13 }) });

export function predictionLaws(make: Make): void {
  it('changes no state', () => {
    fc.assert(
      fc.property(operations(), fc.array(askedIds, { maxLength: 8, size: 'max' }), (list, asked) => {
        const learner = make();
        play(learner, list);
        const before = { ...stateOf(learner), users: learner.users.size, items: learner.items.size };
        for (const { user, item } of asked) answerBits(learner, userIdOf(user), itemIdOf(item), 2_000_000);
        expect({ ...stateOf(learner), users: learner.users.size, items: learner.items.size }).toEqual(before);
      }),
    );
  });

  it('asked at any moment, changes nothing of what is answered and learned later', () => {
    fc.assert(
      fc.property(operations(), fc.array(askedIds, { minLength: 1, maxLength: 60, size: 'max' }), (list, asked) => {
        const [quiet, curious] = [make(), make()];
        list.forEach((operation, i) => {
          const { user, item } = asked[i % asked.length]!;
          answerBits(curious, userIdOf(user), itemIdOf(item), 1_000_000);
          expect(play(curious, [operation])).toEqual(play(quiet, [operation]));
        });
        expect(stateOf(curious)).toEqual(stateOf(quiet));
      }),
    );
  });

  it('is not needed before learning: who only learns learns the same', () => {
    fc.assert(
      fc.property(operations(), (list) => {
        const [asked, unasked] = [make(), make()];
        play(asked, list);
        let seconds = 1_000_000;
        for (const operation of list) {
          if (operation.kind !== 'rate') play(unasked, [operation], seconds);
          else {
            const { user, item, rating, weight, pause } = operation;
            unasked.learnOne(userIdOf(user), itemIdOf(item), rating, (seconds += pause), weight);
          }
        }
        expect(stateOf(unasked)).toEqual(stateOf(asked));
      }),
    );
  });

  it('is asked again when it was asked for another time, or for whoever had the row before', () => {
    const rate = (user: number, item: number, pause: number): Operation => {
      return { kind: 'rate', user, item, rating: 5, weight: 1, pause };
    };
    const [asked, unasked] = [make(), make()];
    for (const learner of [asked, unasked]) {
      play(learner, [rate(1, 0, 0), rate(0, 0, 30), rate(0, 1, 30), rate(0, 2, 30)]);
      if (learner === asked) answerBits(learner, 'u0', 'i0', 1_000_000);
      learner.learnOne('u0', 'i3', 4, 1_009_000, 1);
      if (learner === asked) answerBits(learner, 'u0', 'i0', 1_000_000);
      learner.learnOne('u0', 'i0', 4, 1_020_000, 1);
      for (const item of [0, 1, 2, 3]) learner.withdraw('u0', itemIdOf(item));
      learner.settle();
      if (learner === asked) answerBits(learner, 'u0', 'i0', 1_030_000);
      learner.forget('u0');
      learner.settle();
      learner.learnOne('u2', 'i0', 4, 1_030_000, 1);
    }
    expect(stateOf(asked)).toEqual(stateOf(unasked));
  });

  it('is made of the past only: other ratings later leave every former answer bit for bit', () => {
    fc.assert(
      fc.property(operations(), fc.nat(60), (list, from) => {
        const flipped = list.map((operation, i): Operation =>
          i < from || operation.kind !== 'rate' ? operation : { ...operation, rating: 6 - operation.rating },
        );
        const untilThen = list.slice(0, from + 1).filter(({ kind }) => kind === 'rate').length;
        const seen = play(make(), list).slice(0, untilThen);
        expect(play(make(), flipped).slice(0, untilThen)).toEqual(seen);
      }),
    );
  });

  it('is finite, inside the scale and inside its own interval, for known and unknown ids', () => {
    fc.assert(
      fc.property(ownOperations(), askedIds, (list, { user, item }) => {
        const learner = make();
        play(learner, list);
        const [userRow, itemRow] = [learner.users.find(userIdOf(user)), learner.items.find(itemIdOf(item))];
        const { experts, prediction, low, high } = learner.predictOne(userRow, itemRow, 2_000_000);
        for (const value of [...experts, low, high]) {
          expect(value).toBeGreaterThanOrEqual(innerScale.lo);
          expect(value).toBeLessThanOrEqual(innerScale.hi);
        }
        expect(experts.at(-1)).toBe(prediction);
        expect(low).toBeLessThanOrEqual(prediction);
        expect(high).toBeGreaterThanOrEqual(prediction);
      }),
    );
  });

  it('for unknown ids says so, and creates nothing', () => {
    const learner = make();
    play(learner, [{ kind: 'rate', user: 0, item: 0, rating: 5, weight: 1, pause: 0 }]);
    const known = learner.predictOne(learner.users.find('u0'), learner.items.find('i0'), 0);
    expect([known.coldUser, known.coldItem]).toEqual([false, false]);
    const answer = learner.predictOne(learner.users.find('nobody'), learner.items.find('nothing'), 0);
    expect([answer.coldUser, answer.coldItem]).toEqual([true, true]);
    expect([answer.userBias, answer.itemBias, answer.interaction]).toEqual([0, 0, 0]);
    expect([learner.users.size, learner.items.size]).toEqual([1, 1]);
    expect([learner.users.find('nobody'), learner.items.find('nothing')]).toEqual([-1, -1]);
  });

  it('has parts that add up to the factors expert', () => {
    const learner = make();
    play(
      learner,
      Array.from({ length: 40 }, (_, n): Operation => {
        return { kind: 'rate', user: n % 5, item: n % 12, rating: 3 + (n % 2) / 2, weight: 1, pause: 30 };
      }),
    );
    const answer = learner.predictOne(learner.users.find('u1'), learner.items.find('i4'), 2_000_000);
    const { mean, userBias, itemBias, interaction, experts } = answer;
    expect(mean + userBias + itemBias + interaction).toBeCloseTo(experts[2]!, 12);
    expect(interaction).not.toBe(0);
  });

  it('is the same for the same seed and stream, and another for another seed', () => {
    const list = fc.sample(operations(200), { numRuns: 1, seed: 3 })[0]!;
    const [one, same, other] = [make(), make(), make({ ...smallSettings, seed: 2 })];
    const answers = play(one, list);
    expect(answers.length).toBeGreaterThan(20);
    expect(play(same, list)).toEqual(answers);
    expect(stateOf(same)).toEqual(stateOf(one));
    expect(play(other, list)).not.toEqual(answers);
  });

  it('does not depend on what is done with what was handed in', () => {
    const settings = Object.freeze({ ...smallSettings });
    const learner = make(settings);
    const values = Float32Array.from({ length: learner.users.cells }, (_, i) => i / 8);
    const handedIn = Float32Array.from(values);
    const slot = {
      itemRow: learner.items.ensure('i0'),
      seconds: 5,
      rating: 2,
      weight: 1,
      userResidual: 0,
      itemResidual: 0,
    };
    const slotBefore = { ...slot };
    learner.loadUser('u0', values);
    learner.loadSlot('u0', 0, slot);
    learner.settle();
    expect(values).toEqual(handedIn);
    expect(slot).toEqual(slotBefore);
    const before = stateOf(learner);
    values.fill(9);
    slot.rating = 4;
    expect(stateOf(learner)).toEqual(before);
  });
}
