/** Networks as they serve, made from what was stored: `networkOf`. */
import type { Kernel } from '../../kernel/kernel.ts';
import type { Artifact } from './artifact.ts';
import { deepScorer } from './deep-scorer.ts';
import { dotScorer } from './dot-scorer.ts';
import type { NetworkKind } from './kinds.ts';
import type { Manifest } from './manifest.ts';
import { mostRemembered, type Network, type NetworkHistory } from './network.ts';
import { finished, type Steps } from '../steps.ts';
import { rbmScorer } from './rbm-scorer.ts';
import { residualScorer } from './residual-scorer.ts';
import { FoldIn } from './fold-in.ts';
import { stepRows } from './rows.ts';
import { dataOf, type ScorerOf } from './scorer.ts';

const scorers: Readonly<Record<NetworkKind, ScorerOf>> = {
  embedding: dotScorer('user.embedding', 'item.embedding'),
  deep: deepScorer,
  residual: residualScorer,
  autoencoder: dotScorer('user.kernel', 'item.hidden'),
  rbm: rbmScorer,
};

/** Ratings of average worth that an unknown user's level starts with. */
const levelDamping = 5;

/** An artifact, or what will become one. */
export type Servable = Omit<Artifact, 'manifest'> & { readonly manifest: Pick<Manifest, 'kind' | 'version'> };

/** Throws ArtifactError when its layers are too large to serve. */
export const networkOf = (servable: Servable, kernel: Kernel): Network => finished(networkSteps(servable, kernel));

export function* networkSteps({ manifest, tensors, userIds, itemIds }: Servable, kernel: Kernel): Steps<Network> {
  const scorer = yield* scorers[manifest.kind](tensors, kernel);
  const users = yield* numbersOf(userIds);
  const items = yield* numbersOf(itemIds);
  const mean = dataOf(tensors, 'mean')[0]!;
  const userBias = dataOf(tensors, 'user.bias');
  const itemBias = dataOf(tensors, 'item.bias');
  const levelOf = ({ count, items: rated, ratings }: NetworkHistory): number => {
    let sum = 0;
    for (let n = 0; n < count; n++) sum += ratings[n]! - mean - (rated[n]! < 0 ? 0 : itemBias[rated[n]!]!);
    return sum / (count + levelDamping);
  };
  const foldIn = tensors.has('fold.loadings') ? yield* FoldIn.of(tensors, kernel) : null;
  const counts = tensors.get('fold.counts')?.data;
  /** More is remembered of the user by now than the network was trained on. */
  const isBehind = (user: number, count: number): boolean =>
    user < 0 || (counts !== undefined && Math.min(count, mostRemembered) > counts[user]!);
  const predictInto = (user: number, item: number, history: NetworkHistory, out: Float64Array, at: number): void => {
    if (item >= 0 && foldIn !== null && isBehind(user, history.count)) foldIn.predict(item, history, out, at);
    else if (item >= 0 && user >= 0) scorer.score(user, item, out, at);
    else {
      const level = user >= 0 ? userBias[user]! : levelOf(history);
      out[at] = mean + level + (item >= 0 ? itemBias[item]! : 0);
    }
  };
  const single = new Float64Array(1);
  return {
    kind: manifest.kind,
    version: manifest.version,
    userOf: (id) => users.get(id) ?? -1,
    itemOf: (id) => items.get(id) ?? -1,
    readsHistory: isBehind,
    predict(user, item, history) {
      predictInto(user, item, history, single, 0);
      return single[0]!;
    },
    predictInto,
    release() {
      scorer.release();
      foldIn?.release();
    },
  };
}

function* numbersOf(ids: readonly string[]): Steps<Map<string, number>> {
  const numbers = new Map<string, number>();
  for (let number = 0; number < ids.length; number++) {
    if (number % stepRows === 0) yield;
    numbers.set(ids[number]!, number);
  }
  return numbers;
}
