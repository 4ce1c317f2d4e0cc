/** A learner with networks whose answers are known, over a stream whose ratings are known. */
import { describe, expect, it } from 'vitest';
import { createKernel } from '../../src/kernel/choose.ts';
import { ItemTable } from '../../src/model/item-table.ts';
import { Learner } from '../../src/model/learner.ts';
import { networkKinds, type NetworkKind } from '../../src/model/networks/kinds.ts';
import type { Network } from '../../src/model/networks/network.ts';
import { mix } from '../../src/kernel/seeded.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import { chance } from '../../src/train/chance.ts';

const pairs = 200;
/** What nobody can learn from a pair that comes once in a while: the network knows it. */
const exact = (user: number, item: number): number => 3 + 1.5 * (mix(user * pairs + item) / 2 ** 31 - 1);

const idNumber = (id: string): number => Number(id.slice(1));

const network = (kind: NetworkKind, predict: (user: number, item: number) => number): Network => ({
  ...{ kind, version: `${kind}-1`, userOf: idNumber, itemOf: idNumber, release: () => undefined },
  predict: (user, item) => predict(user, item),
});

function world(seed = 1) {
  const learner = new Learner(defaultSettings, new ItemTable(defaultSettings, createKernel()));
  const drawn = chance(seed);
  let seconds = 0;
  /** Root mean square errors of the published prediction and of the one without networks over some events. */
  const run = (events: number) => {
    let [published, online] = [0, 0];
    for (let n = 0; n < events; n++) {
      const [user, item] = [drawn.below(pairs), drawn.below(pairs)];
      const rating = Math.min(5, Math.max(1, exact(user, item) + 0.3 * drawn.centred()));
      const answer = learner.predictOne(learner.users.find(`u${user}`), learner.items.find(`i${item}`), ++seconds);
      published += (answer.prediction - rating) ** 2;
      online += (answer.online - rating) ** 2;
      learner.learnOne(`u${user}`, `i${item}`, rating, seconds, 1);
      if (n % 100 === 99) learner.settle();
    }
    return { published: Math.sqrt(published / events), online: Math.sqrt(online / events) };
  };
  return { learner, run };
}

const at = (kind: NetworkKind): number => networkKinds.indexOf(kind);

describe('networks in the published prediction', () => {
  it('a good one is followed, and its weight says so', () => {
    const { learner, run } = world();
    expect(run(1500)).toSatisfy(({ published, online }: ReturnType<typeof run>) => published === online);
    learner.setNetwork('deep', 'serving', network('deep', exact));
    run(1000);
    const { published, online } = run(1000);
    expect(online).toBeGreaterThan(0.8);
    expect(published).toBeLessThan(0.4);
    expect(learner.answer.networkWeights[at('deep')]).toBeGreaterThan(0.8);
    expect(learner.answer.networkWeights[at('rbm')]).toBe(0);
  });

  it('when one goes the others do without it at once', () => {
    const { learner, run } = world();
    learner.setNetwork('deep', 'serving', network('deep', exact));
    learner.setNetwork(
      'rbm',
      'serving',
      network('rbm', (user, item) => exact(user, item) + Math.cos(user * 3 + item)),
    );
    run(2500);
    learner.setNetwork('deep', 'serving', null);
    run(64);
    const { published, online } = run(1000);
    expect(published).toBeLessThan(online - 0.05);
    expect(learner.answer.networkWeights[at('deep')]).toBe(0);
    learner.setNetwork('rbm', 'serving', null);
    const without = run(200);
    expect(without.published).toBe(without.online);
  });

  it('one that becomes bad does no harm for long', () => {
    const { learner, run } = world();
    learner.setNetwork('deep', 'serving', network('deep', exact));
    run(2500);
    learner.setNetwork(
      'deep',
      'serving',
      network('deep', (user, item) => exact(item + 7, user + 3)),
    );
    run(1000);
    const { published, online } = run(1000);
    expect(published).toBeLessThan(online * 1.02);
  });

  it('one that says nothing new changes next to nothing', () => {
    const { learner, run } = world();
    const drawn = chance(5);
    learner.setNetwork(
      'residual',
      'serving',
      network('residual', () => 3 + drawn.centred()),
    );
    const { published, online } = run(4000);
    expect(published).toBeLessThan(online * 1.01);
  });

  it('the weights say what is published, whatever the networks answer', () => {
    const { learner, run } = world();
    const drawn = chance(3);
    const wild = (): number => 3 + 2 * drawn.centred();
    learner.setNetwork('deep', 'serving', network('deep', exact));
    learner.setNetwork('rbm', 'serving', network('rbm', wild));
    let most = 0;
    let held = 0;
    for (let n = 0; n < 1500; n++) {
      run(1);
      const { online, prediction, networks, networkWeights } = learner.answer;
      const sum = networkKinds.reduce((told, kind, k) => {
        const isThere = kind === 'deep' || kind === 'rbm';
        return isThere ? told + networkWeights[k]! * (networks[k]! - online) : told;
      }, online);
      most = Math.max(most, Math.abs(sum - prediction));
      const answers = [online, networks[at('deep')]!, networks[at('rbm')]!];
      if (prediction === Math.max(...answers) || prediction === Math.min(...answers)) held++;
    }
    expect(most).toBeLessThan(1e-9);
    // Also where a combination beyond all answers was not believed.
    expect(held).toBeGreaterThan(0);
  });

  it('what a batch taught is put back with it, bit for bit', () => {
    const { learner, run } = world();
    learner.setNetwork('deep', 'serving', network('deep', exact));
    run(1000);
    learner.settle();
    const before = { sums: learner.sums.own.slice(), state: learner.state.slice() };
    run(99);
    expect(learner.sums.own).not.toEqual(before.sums);
    expect(learner.state).not.toEqual(before.state);
    learner.rollBack();
    expect({ sums: learner.sums.own, state: learner.state }).toEqual(before);
  });
});
