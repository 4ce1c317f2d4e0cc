/**
 * The system that training from scratch makes of a window: for every expert that learns continuously the same model, fitted
 * in many passes over all ratings at once.
 *
 *   mean: the mean;  bias: mean, user and item biases fitted in turns (fit-biases.ts);  factors: biases and as many factors as a row has,
 *   as the embedding network is trained (embedding.ts);  networks: as they are always trained;  blend: a ridge regression of all of
 *   them (stack.ts), fitted where none of them was trained
 *
 * A twentieth, drawn by the seed, says after how many epochs to end and weighs the blend; then everything is learned.
 * Of ratings that come later a user's level and history are told, as networks that serve know them; nothing else changes.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { NetworkKind } from '../model/networks/kinds.ts';
import { mostRemembered, type Network } from '../model/networks/network.ts';
import type { AskedSystem } from './agreement.ts';
import { biasPenalty, fitBiases } from './fit-biases.ts';
import { Histories } from './held-out.ts';
import { biasAnswers } from './holdout.ts';
import { splitRandomly } from './split.ts';
import { contextOf, fitStack, knowledgeOf } from './stack.ts';
import { trainTwice } from './trained-network.ts';
import type { Train, TrainOptions } from './trained.ts';
import type { RatingsWindow } from './window.ts';

export interface ScratchTools {
  readonly trainOf: (kind: NetworkKind) => Train;
  readonly kernel: Kernel;
  readonly options: Pick<TrainOptions, 'seed' | 'budgetSeconds' | 'clock' | 'signal'>;
  readonly onTraining?: (expert: string, doneRatio: number) => void;
}

export interface ScratchSystem extends AskedSystem {
  release(): void;
}

const validationRatio = 0.05;

export interface ScratchModels {
  /** Of an online row. */
  readonly factors: number;
  /** The networks that answer online. */
  readonly kinds: readonly NetworkKind[];
  /** Ratings that a user is remembered by. */
  readonly historyLimit: number;
}

export async function fromScratch(
  seen: RatingsWindow,
  { factors, kinds, historyLimit }: ScratchModels,
  { trainOf, kernel, options, onTraining }: ScratchTools,
): Promise<ScratchSystem> {
  const { rest, heldOut: validation } = splitRandomly(seen, validationRatio, options.seed + 1);
  const models = [
    { expert: 'factors', kind: 'embedding' as const, own: { d: factors } },
    ...kinds.map((kind) => ({ expert: kind, kind, own: {} })),
  ];
  const stackAnswers = [biasAnswers(rest)(validation)];
  const networks: Network[] = [];
  for (const { expert, kind, own } of models) {
    const train: Train = (training, judging, { hyper, ...more }) =>
      trainOf(kind)(training, judging, {
        ...more,
        hyper: { ...own, ...hyper },
        onProgress: ({ epoch, epochs, epochRatio }) => onTraining?.(expert, (epoch - 1 + epochRatio) / epochs),
      });
    const twice = await trainTwice(train, { whole: seen, rest, validation }, options, kernel);
    stackAnswers.push(twice.validationAnswers);
    networks.push(twice.network);
  }
  const stack = fitStack(stackAnswers, contextOf(rest, validation), validation.ratings);
  return asked(
    seen,
    networks,
    models.map(({ expert }) => expert),
    stack,
    historyLimit,
  );
}

function asked(
  seen: RatingsWindow,
  networks: readonly Network[],
  names: readonly string[],
  stack: ReturnType<typeof fitStack>,
  historyLimit: number,
): ScratchSystem {
  const { mean, item: itemBias } = fitBiases(seen);
  const users = new UserLevels(mean, itemBias, seen.userIds.length);
  const items = new Uint32Array(seen.itemIds.length);
  const histories = new Histories(Math.min(historyLimit, mostRemembered));
  // A network has the numbers of the window that it was trained on.
  const numbers = Int32Array.from(seen.itemIds.keys());
  const tell = (user: number, item: number, rating: number): void => {
    users.add(user, item, rating);
    histories.add(user, item, rating);
  };
  for (let n = 0; n < seen.ratings.length; n++) {
    tell(seen.users[n]!, seen.items[n]!, seen.ratings[n]!);
    items[seen.items[n]!]!++;
  }
  const experts = ['mean', 'bias', ...names, 'blend'];
  const answers = new Float64Array(experts.length);
  const asked = [new Float64Array(1), ...networks.map(() => new Float64Array(1))];
  const context = { user: new Float64Array(1), item: new Float64Array(1) };
  return {
    experts,
    answer(user, item) {
      answers[0] = mean;
      answers[1] = asked[0]![0] = mean + users.level(user) + itemBias[item]!;
      const history = histories.of(user, numbers);
      networks.forEach((network, n) => {
        answers[2 + n] = asked[1 + n]![0] = network.predict(user, item, history);
      });
      context.user[0] = knowledgeOf(users.count(user));
      context.item[0] = knowledgeOf(items[item]!);
      answers[experts.length - 1] = stack.answer(asked, context, 0);
      return answers;
    },
    tell,
    release: () => networks.forEach((network) => network.release()),
  };
}

/** The biases of users as fit-biases.ts has them, from the ratings so far and item biases that stay. */
class UserLevels {
  readonly #mean: number;
  readonly #itemBias: Float32Array;
  readonly #sums: Float64Array;
  readonly #counts: Uint32Array;

  constructor(mean: number, itemBias: Float32Array, users: number) {
    this.#mean = mean;
    this.#itemBias = itemBias;
    this.#sums = new Float64Array(users);
    this.#counts = new Uint32Array(users);
  }

  add(user: number, item: number, rating: number): void {
    this.#sums[user] = this.#sums[user]! + rating - this.#mean - this.#itemBias[item]!;
    this.#counts[user]!++;
  }

  count(user: number): number {
    return this.#counts[user]!;
  }

  level(user: number): number {
    return this.#sums[user]! / (this.#counts[user]! + biasPenalty);
  }
}
