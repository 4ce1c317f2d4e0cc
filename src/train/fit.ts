/**
 * How embedding, deep and residual are fitted: the same loop for all, over a step that any backend computes.
 *
 *   for each epoch: shuffle; for each batch: rows in, gradients out, Adam; then the error on the validation part
 *
 * The rate falls by a factor with each epoch. Training ends when the validation error has hardly fallen for `patience` epochs,
 * or when the budget is spent; the weights of the best epoch are given.
 */
import { TrainingFailedError } from '../errors.ts';
import { clipInner } from '../model/scale.ts';
import { adam, type Adam } from './adam.ts';
import { batchRoom, maskPool, type BatchRoom, type MaskPool } from './batch-room.ts';
import { chance, type Chance } from './chance.ts';
import type { Definition } from './definition.ts';
import { fitBiases } from './fit-biases.ts';
import { batchFor, penaltiesOf, rateFor, type FitHyper } from './fit-hyper.ts';
import { judgedBy } from './judged-by.ts';
import { decaysOf, initialParameters, layoutOf, lengthOf, type Layout } from './parameters.ts';
import { probe } from './probe.ts';
import { RowTable } from './row-table.ts';
import type { Gradients, Step, StepOf, Weights } from './step.ts';
import type { Tensor, Train, Trained, TrainOptions } from './trained.ts';
import type { RatingsWindow } from './window.ts';

const predictBatch = 4096;
const fewestOfBatch = 64;
const stepsOfEpoch = 64;
/** Memory of moments over the batches of training. */
const momentMemory = 0.99;
/** Less does not count as better when it is asked whether to go on. */
const leastGain = 1e-4;
const breatheEveryMs = 50;

export const trainBy =
  (definition: Definition, defaults: FitHyper, stepOf: StepOf): Train<FitHyper> =>
  async (train, validation, options) => {
    const hyper = { ...defaults, ...options.hyper };
    const parts = judgedBy(train, validation, options.seed);
    const fit = new Fit(definition, hyper, stepOf(definition, hyper.d), parts.train, options.seed);
    return fit.run(parts.validation, options);
  };

/** The same, from the rows and biases of a network that is trained first, for at most half of the time. */
export const trainAfter =
  (first: Train<FitHyper>, definition: Definition, defaults: FitHyper, stepOf: StepOf): Train<FitHyper> =>
  async (train, validation, options) => {
    const { clock, budgetSeconds, seed } = options;
    const startMs = clock.monotonicMs();
    const hyper = { ...defaults, ...options.hyper };
    const before = await first(train, validation, {
      ...options,
      budgetSeconds: budgetSeconds / 2,
      hyper: { d: hyper.d },
    });
    const parts = judgedBy(train, validation, seed);
    const fit = new Fit(definition, hyper, stepOf(definition, hyper.d), parts.train, seed);
    fit.begin(before.tensors);
    const spent = (clock.monotonicMs() - startMs) / 1000;
    const trained = await fit.run(parts.validation, { ...options, budgetSeconds: budgetSeconds - spent });
    const ofFirst = Object.entries(before.hyperParameters).map(([name, value]) => [`${before.kind}.${name}`, value]);
    return {
      ...trained,
      trainSeconds: trained.trainSeconds + spent,
      hyperParameters: { ...trained.hyperParameters, ...(Object.fromEntries(ofFirst) as Record<string, number>) },
    };
  };

class Fit {
  readonly #definition: Definition;
  readonly #hyper: FitHyper;
  readonly #step: Step;
  readonly #train: RatingsWindow;
  readonly #layout: Layout;
  readonly #mean: number;
  readonly #users: RowTable;
  readonly #items: RowTable;
  readonly #unseenUsers: Int32Array;
  readonly #unseenItems: Int32Array;
  readonly #userBiases: RowTable;
  readonly #itemBiases: RowTable;
  readonly #weights: Weights;
  /** By row, as `RowTable.learn` takes them. */
  readonly #penalties: Readonly<Record<'users' | 'items' | 'userBiases' | 'itemBiases', Float32Array>>;
  readonly #adam: Adam;
  readonly #order: Int32Array;
  readonly #chance: Chance;
  readonly #masks: MaskPool;
  readonly #batch: BatchRoom;
  #steps = 0;

  constructor(definition: Definition, hyper: FitHyper, step: Step, train: RatingsWindow, seed: number) {
    const { d } = hyper;
    const initial = chance(seed);
    const rows = (count: number): RowTable => {
      const weights = Float32Array.from({ length: count * d }, () => hyper.deviation * initial.centred());
      return new RowTable(weights, d);
    };
    const biases = fitBiases(train);
    const layout = layoutOf(definition, d);
    this.#definition = definition;
    this.#hyper = hyper;
    this.#step = step;
    this.#train = train;
    this.#layout = layout;
    this.#mean = biases.mean;
    this.#users = rows(train.userIds.length);
    this.#items = rows(train.itemIds.length);
    this.#unseenUsers = unseen(train.users, train.userIds.length);
    this.#unseenItems = unseen(train.items, train.itemIds.length);
    this.#userBiases = new RowTable(biases.user, 1);
    this.#itemBiases = new RowTable(biases.item, 1);
    this.#weights = {
      parameters: initialParameters(definition, d, initial),
      moments: new Float32Array(lengthOf(layout.moments)),
    };
    this.#adam = adam(this.#weights.parameters, decaysOf(layout.parameters, hyper.layerDecay));
    this.#chance = chance(seed, 1);
    this.#order = Int32Array.from(train.ratings.keys());
    const { length } = train.ratings;
    const size = Math.min(length, batchFor(length, hyper.batch, fewestOfBatch, stepsOfEpoch));
    this.#batch = batchRoom(size, d);
    const userPenalties = (penalty: number): Float32Array =>
      penaltiesOf(train.users, train.userIds.length, (2 * penalty) / size);
    const itemPenalties = (penalty: number): Float32Array =>
      penaltiesOf(train.items, train.itemIds.length, (2 * penalty) / size);
    this.#penalties = {
      users: userPenalties(hyper.rowPenalty),
      items: itemPenalties(hyper.rowPenalty),
      userBiases: userPenalties(hyper.biasPenalty),
      itemBiases: itemPenalties(hyper.biasPenalty),
    };
    this.#masks = maskPool(definition.dropouts, size, hyper.dropout, chance(seed, 2));
  }

  /** Takes rows and biases over. */
  begin(tensors: Trained['tensors']): void {
    this.#users.weights.set(tensors.get('user.embedding')!.data);
    this.#items.weights.set(tensors.get('item.embedding')!.data);
    this.#userBiases.weights.set(tensors.get('user.bias')!.data);
    this.#itemBiases.weights.set(tensors.get('item.bias')!.data);
  }

  async run(validation: RatingsWindow, options: TrainOptions): Promise<Trained> {
    const { clock, signal, budgetSeconds, onProgress } = options;
    const { epochs, patience, decay } = this.#hyper;
    const rate = rateFor(this.#train.ratings.length, this.#hyper.rate);
    const startMs = clock.monotonicMs();
    const seconds = (): number => (clock.monotonicMs() - startMs) / 1000;
    const batches = Math.floor(this.#order.length / this.#batch.size);
    const probed = probe(this.#train, options.seed, () => 0);
    let best = { rmse: Infinity, epoch: 0, tensors: new Map<string, Tensor>(), probe: probed };
    let gained = { rmse: Infinity, epoch: 0 };
    let rmse = NaN;
    let examples = 0;
    let epoch = 0;
    let isSpent = false;
    let lastBreathMs = startMs;
    while (epoch < epochs && epoch - gained.epoch < patience && !isSpent) {
      this.#chance.shuffle(this.#order);
      let loss = 0;
      for (let batch = 0; batch < batches && !isSpent; batch++) {
        loss += this.#learn(batch, rate * decay ** epoch);
        examples += this.#batch.size;
        const nowMs = clock.monotonicMs();
        if (nowMs - lastBreathMs < breatheEveryMs && batch + 1 < batches) continue;
        lastBreathMs = nowMs;
        await clock.breathe();
        signal?.throwIfAborted();
        isSpent = seconds() >= budgetSeconds;
        const done = epoch + (batch + 1) / batches;
        onProgress?.({
          epoch: epoch + 1,
          epochs,
          epochRatio: Math.min(1, (batch + 1) / batches),
          loss: loss / (batch + 1),
          validationRmse: rmse,
          examplesPerSecond: examples / seconds(),
          leftSeconds: Math.min(budgetSeconds - seconds(), (seconds() / done) * (epochs - done)),
        });
      }
      epoch++;
      this.#users.average(this.#unseenUsers);
      this.#items.average(this.#unseenItems);
      rmse = this.#rmse(validation);
      if (rmse < gained.rmse - leastGain) gained = { rmse, epoch };
      if (!(rmse < best.rmse)) continue;
      const answers = this.#answers(probed.users, probed.items);
      best = { rmse, epoch, tensors: this.#tensors(), probe: { ...probed, answers } };
    }
    const trainSeconds = seconds();
    return {
      kind: this.#definition.kind,
      tensors: best.tensors,
      epochs: epoch,
      bestEpoch: best.epoch,
      trainSeconds,
      examplesPerSecond: examples / trainSeconds,
      backend: this.#step.backend,
      validationRmse: best.rmse,
      hyperParameters: { ...this.#hyper },
      probe: best.probe,
    };
  }

  /** One batch; returns its loss. */
  #learn(number: number, rate: number): number {
    const { users, items, batch, userPlace, itemPlace, size } = this.#batch;
    const { ratings } = this.#train;
    for (let n = 0; n < size; n++) {
      const rating = this.#order[number * size + n]!;
      users[n] = this.#train.users[rating]!;
      items[n] = this.#train.items[rating]!;
      batch.targets[n] = ratings[rating]! - this.#base(users[n]!, items[n]!);
    }
    this.#users.gather(users, batch.rows, userPlace);
    this.#items.gather(items, batch.rows, itemPlace);
    const gradients = this.#step.step(this.#weights, { ...batch, masks: this.#masks(this.#chance) });
    if (!Number.isFinite(gradients.loss)) throw this.#failed(gradients.loss, rate);
    this.#remember(gradients);
    this.#adam.apply(gradients.parameters, rate);
    this.#users.learn(users, gradients.rows, userPlace, rate, this.#penalties.users);
    this.#items.learn(items, gradients.rows, itemPlace, rate, this.#penalties.items);
    const { errors } = gradients;
    for (let n = 0; n < size; n++) errors[n] = (2 * errors[n]!) / size;
    this.#userBiases.learn(users, errors, single, rate, this.#penalties.userBiases);
    this.#itemBiases.learn(items, errors, single, rate, this.#penalties.itemBiases);
    return gradients.loss;
  }

  #base(user: number, item: number): number {
    return this.#mean + this.#userBiases.weights[user]! + this.#itemBiases.weights[item]!;
  }

  /** Moments that serve are a decaying mean over batches; a plain mean over the first ones. */
  #remember({ moments }: Gradients): void {
    const memory = Math.min(momentMemory, 1 - 1 / ++this.#steps);
    const kept = this.#weights.moments;
    for (let n = 0; n < kept.length; n++) kept[n] = memory * kept[n]! + (1 - memory) * moments[n]!;
  }

  #rmse({ users, items, ratings }: RatingsWindow): number {
    const answers = this.#answers(users, items);
    const squares = answers.reduce((sum, answer, n) => sum + (clipInner(answer) - ratings[n]!) ** 2, 0);
    return Math.sqrt(squares / ratings.length);
  }

  /** As it serves, not clipped. */
  #answers(users: Int32Array, items: Int32Array): Float64Array {
    const answers = new Float64Array(users.length);
    for (let from = 0; from < users.length; from += predictBatch) {
      const to = Math.min(from + predictBatch, users.length);
      const room = batchRoom(to - from, this.#hyper.d);
      this.#users.gather(users.subarray(from, to), room.batch.rows, room.userPlace);
      this.#items.gather(items.subarray(from, to), room.batch.rows, room.itemPlace);
      const beyond = this.#step.predict(this.#weights, room.batch.rows);
      for (let n = from; n < to; n++) answers[n] = beyond[n - from]! + this.#base(users[n]!, items[n]!);
    }
    return answers;
  }

  /** Copies. */
  #tensors(): Map<string, Tensor> {
    const { d } = this.#hyper;
    const tensors = new Map<string, Tensor>([
      ['mean', { shape: [1], data: Float32Array.of(this.#mean) }],
      ['user.bias', { shape: [this.#userBiases.weights.length], data: this.#userBiases.weights.slice() }],
      ['item.bias', { shape: [this.#itemBiases.weights.length], data: this.#itemBiases.weights.slice() }],
      ['user.embedding', { shape: [this.#users.weights.length / d, d], data: this.#users.weights.slice() }],
      ['item.embedding', { shape: [this.#items.weights.length / d, d], data: this.#items.weights.slice() }],
    ]);
    const { parameters, moments } = this.#layout;
    for (const { name, shape, from, to } of parameters) {
      tensors.set(name, { shape, data: this.#weights.parameters.slice(from, to) });
    }
    for (const { name, shape, from, to } of moments) {
      tensors.set(name, { shape, data: this.#weights.moments.slice(from, to) });
    }
    return tensors;
  }

  #failed(loss: number, rate: number): TrainingFailedError {
    const { kind } = this.#definition;
    return new TrainingFailedError(
      `training ${kind} gave a loss of ${loss} after ${this.#steps} batches at rate ${rate}: it diverged. What serves goes on serving; train with a lower rate`,
      { kind, rate, batches: this.#steps },
    );
  }
}

function unseen(rows: Int32Array, count: number): Int32Array {
  const seen = new Set(rows);
  return Int32Array.from({ length: count }, (_, row) => row).filter((row) => !seen.has(row));
}

const single = { at: 0, stride: 1 };
