/** What sparse networks have in common, whatever they learn of an item: passes over items in batches, their error, their end. */
import { createKernel } from '../kernel/choose.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { NetworkKind } from '../model/networks/kinds.ts';
import { clipInner } from '../model/scale.ts';
import { ratingsOf, type Cases } from './cases.ts';
import { learnByEpochs, type EpochPlan, type Learning } from './epochs.ts';
import { judgedBy } from './judged-by.ts';
import { probe } from './probe.ts';
import type { Tensor, Train } from './trained.ts';
import type { RatingsWindow } from './window.ts';

/** Learns each item of `order` once. `learn`: from one item, returns its loss; `step`: after each batch, of so many items. */
export function* passOver(
  cases: Cases,
  order: Int32Array,
  batch: number,
  learn: (item: number) => number,
  step: (items: number) => void,
): ReturnType<Learning['pass']> {
  let loss = 0;
  let seen = 0;
  for (let from = 0; from < order.length; from += batch) {
    const items = order.subarray(from, from + batch);
    let ratings = 0;
    for (const item of items) {
      loss += learn(item);
      ratings += ratingsOf(cases, item);
    }
    step(items.length);
    seen += ratings;
    yield { doneRatio: (from + items.length) / order.length, ratings, loss: loss / seen };
  }
}

/** Root mean square error; item by item, so that what was made for one serves all of its raters. */
export function errorOn({ starts, users, values }: Cases, predict: (user: number, item: number) => number): number {
  let squares = 0;
  for (let item = 0; item + 1 < starts.length; item++) {
    for (let n = starts[item]!; n < starts[item + 1]!; n++) {
      squares += (clipInner(predict(users[n]!, item)) - values[n]!) ** 2;
    }
  }
  return Math.sqrt(squares / values.length);
}

export interface SparseNetwork extends Learning {
  predict(user: number, item: number): number;
  /** Tensors of the best epoch. */
  best(): ReadonlyMap<string, Tensor>;
}

type Begin<Hyper> = (
  kernel: Kernel,
  hyper: Hyper,
  train: RatingsWindow,
  validation: RatingsWindow,
  seed: number,
) => SparseNetwork;

export const trainSparse =
  <Hyper extends EpochPlan>(
    kind: NetworkKind,
    defaults: Hyper,
    begin: Begin<Hyper>,
    kernelOf = createKernel,
  ): Train<Hyper> =>
  async (train, validation, options) => {
    const hyper = { ...defaults, ...options.hyper };
    const kernel = kernelOf();
    const parts = judgedBy(train, validation, options.seed);
    const learning = begin(kernel, hyper, parts.train, parts.validation, options.seed);
    const outcome = await learnByEpochs(learning, hyper, options);
    return {
      ...{ kind, backend: `sparse-${kernel.name}`, tensors: learning.best(), ...outcome },
      hyperParameters: Object.fromEntries<number>(Object.entries(hyper)),
      probe: probe(train, options.seed, (user, item) => learning.predict(user, item)),
    };
  };
