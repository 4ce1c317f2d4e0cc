/** Networks as they serve, made from what was stored: `networkOf`. */
import type { Kernel } from '../../kernel/kernel.ts';
import type { Artifact } from './artifact.ts';
import { deepScorer } from './deep-scorer.ts';
import { dotScorer } from './dot-scorer.ts';
import type { NetworkKind } from './kinds.ts';
import type { Manifest } from './manifest.ts';
import { mostRemembered, type Network, type NetworkHistory } from './network.ts';
import { rbmScorer } from './rbm-scorer.ts';
import { residualScorer } from './residual-scorer.ts';
import { FoldIn } from './fold-in.ts';
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
export function networkOf({ manifest, tensors, userIds, itemIds }: Servable, kernel: Kernel): Network {
  const scorer = scorers[manifest.kind](tensors, kernel);
  const users = new Map(userIds.map((id, number) => [id, number]));
  const items = new Map(itemIds.map((id, number) => [id, number]));
  const mean = dataOf(tensors, 'mean')[0]!;
  const userBias = dataOf(tensors, 'user.bias');
  const itemBias = dataOf(tensors, 'item.bias');
  const levelOf = ({ count, items: rated, ratings }: NetworkHistory): number => {
    let sum = 0;
    for (let n = 0; n < count; n++) sum += ratings[n]! - mean - (rated[n]! < 0 ? 0 : itemBias[rated[n]!]!);
    return sum / (count + levelDamping);
  };
  const foldIn = tensors.has('fold.loadings') ? new FoldIn(tensors, kernel) : null;
  const counts = tensors.get('fold.counts')?.data;
  /** More is remembered of the user by now than the network was trained on. */
  const isBehind = (user: number, count: number): boolean =>
    user < 0 || (counts !== undefined && Math.min(count, mostRemembered) > counts[user]!);
  return {
    kind: manifest.kind,
    version: manifest.version,
    userOf: (id) => users.get(id) ?? -1,
    itemOf: (id) => items.get(id) ?? -1,
    readsHistory: isBehind,
    predict(user, item, history) {
      if (item >= 0 && foldIn !== null && isBehind(user, history.count)) return foldIn.predict(item, history);
      if (item >= 0 && user >= 0) return scorer.score(user, item);
      const level = user >= 0 ? userBias[user]! : levelOf(history);
      return mean + level + (item >= 0 ? itemBias[item]! : 0);
    },
    release() {
      scorer.release();
      foldIn?.release();
    },
  };
}
