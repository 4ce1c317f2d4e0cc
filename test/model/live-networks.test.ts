/** Networks in a learner: what they are asked, and that nothing else notices them. */
import { describe, expect, test } from 'vitest';
import { networkKinds, type NetworkKind } from '../../src/model/networks/kinds.ts';
import type { Network } from '../../src/model/networks/network.ts';
import { newLearner } from '../contracts/learner-harness.ts';

/** Knows users u0.. and items i0.. by their digits, and answers with what it was asked, as a number inside the scale. */
function asking(kind: NetworkKind, offset: number): Network {
  const digits = (id: string): number => (/^[ui]\d$/.test(id) ? Number(id[1]) : -1);
  return {
    ...{ kind, version: `v${offset}`, userOf: digits, itemOf: digits, release: () => undefined },
    predict(user, item, { count, items, ratings }) {
      let history = count;
      for (let n = 0; n < count; n++) history += (n + 1) * (items[n]! + 1) * ratings[n]!;
      return 1 + offset + (user + 1) / 10 + (item + 1) / 100 + (history % 7) / 10_000;
    },
  };
}

function taught() {
  const learner = newLearner();
  for (let n = 0; n < 60; n++) learner.learnOne(`u${n % 5}`, `i${(n * 7) % 9}`, 1 + ((n * 3) % 9) / 2, 1000 + n, 1);
  return learner;
}

const deep = networkKinds.indexOf('deep');
const rbm = networkKinds.indexOf('rbm');

describe('networks in a learner', () => {
  test('answer with their own numbers of user and item, and -1 for whom they do not know', () => {
    const learner = taught();
    learner.learnOne('stranger', 'i1', 3, 2000, 1);
    learner.setNetwork('deep', 'serving', asking('deep', 1));
    const ask = (user: string, item: string): number =>
      learner.predictOne(learner.users.find(user), learner.items.find(item), 3000).networks[deep]!;
    expect(ask('u3', 'i4')).toBeCloseTo(2 + 0.4 + 0.05, 9);
    expect(ask('stranger', 'i4')).toBeCloseTo(2 + 0 + 0.05, 9);
    expect(ask('nobody', 'i4')).toBeCloseTo(2 + 0 + 0.05, 9);
    expect(ask('u3', 'nothing')).toBeCloseTo(2 + 0.4 + 0, 9);
    expect(learner.answer.networks.filter((answer) => !Number.isNaN(answer))).toHaveLength(1);
    expect(learner.answer.shadows.every((answer) => Number.isNaN(answer))).toBe(true);
    learner.setNetwork('deep', 'serving', null);
    expect(ask('u3', 'i4')).toBeNaN();
  });

  test('are given what a user whom they do not know is remembered by, latest first', () => {
    const learner = newLearner();
    learner.setNetwork('rbm', 'serving', asking('rbm', 0));
    for (const user of ['stranger', 'u0']) {
      for (const [item, rating] of [
        ['i1', 2],
        ['other', 3],
        ['i2', 4],
      ] as const)
        learner.learnOne(user, item, rating, 1, 1);
    }
    const ask = (user: string): number =>
      learner.predictOne(learner.users.find(user), learner.items.find('i1'), 2).networks[rbm]!;
    const history = 3 + 1 * 3 * 4 + 2 * 0 * 3 + 3 * 2 * 2;
    expect(ask('stranger')).toBeCloseTo(1 + 0.02 + (history % 7) / 10_000, 9);
    expect(ask('u0')).toBeCloseTo(1 + 0.1 + 0.02, 9);
    expect(ask('nobody')).toBeCloseTo(1 + 0.02, 9);
  });

  test('see who has a row, not who had it', () => {
    const learner = taught();
    learner.setNetwork('deep', 'serving', asking('deep', 1));
    const row = learner.users.find('u3');
    learner.predictOne(row, learner.items.find('i4'), 3000);
    learner.settle();
    learner.forget('u3');
    learner.settle();
    for (const user of ['x', 'y', 'z']) {
      learner.learnOne(user, 'i4', 3, 4000, 1);
      const answer = learner.predictOne(learner.users.find(user), learner.items.find('i4'), 4001);
      expect(answer.networks[deep]).toBeCloseTo(2.05, 2);
    }
    expect(['x', 'y', 'z'].map((user) => learner.users.find(user))).toContain(row);
  });

  test('change no prediction from the shadow, and nothing that is learned', () => {
    const bits = (withShadow: boolean): number[] => {
      const learner = taught();
      if (withShadow) learner.setNetwork('rbm', 'shadow', asking('rbm', 2));
      const answers: number[] = [];
      for (let n = 0; n < 40; n++) {
        const { prediction, low, high, experts } = learner.predictOne(n % 5, (n * 5) % 9, 5000 + n);
        answers.push(prediction, low, high, ...experts);
        learner.learnOne(`u${n % 5}`, `i${(n * 5) % 9}`, 1 + ((n * 5) % 9) / 2, 5000 + n, 1);
      }
      return answers;
    };
    expect(bits(true)).toEqual(bits(false));
  });
});
