/**
 * One task's learner: every expert answers, the stack blends them, and only then do they learn. Pure: no clock, no
 * chance, no I/O; the same settings and the same ratings give the same bits.
 *
 * State changes only in `learnOne`, `withdraw`, `forget` and the `load...` functions; each can be undone until the batch
 * is settled.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { Block } from '../kernel/row-memory.ts';
import { Blend, blendCells } from './blend.ts';
import { addPosteriorInputs, stackInputs } from './context.ts';
import { BiasExpert } from './experts/bias.ts';
import type { Expert } from './experts/expert.ts';
import { FactorsExpert } from './experts/factors.ts';
import { meanCells, MeanExpert } from './experts/mean.ts';
import { Posterior } from './experts/posterior.ts';
import { emptySlot, quantizeRating, quantizeWeight, type Slot } from './history.ts';
import { Interval, intervalCells, intervalStateCells } from './interval.ts';
import type { ItemContribution, ItemTable } from './item-table.ts';
import { Moment } from './moment.ts';
import type { NetworkKind } from './networks/kinds.ts';
import { LiveNetworks, type NetworkRole } from './networks/live-networks.ts';
import type { Network } from './networks/network.ts';
import { NetworkStack, networkStackCells, networkStackStateCells } from './network-stack.ts';
import { itemField, userField } from './row-layout.ts';
import { clipInner } from './scale.ts';
import type { LearnerSettings } from './settings.ts';
import { SharedSums } from './shared-sums.ts';
import { Sketches } from './sketch.ts';
import { Stack, stackCells, stackStateCells } from './stack.ts';
import { UserTable } from './user-table.ts';

/** Cells of the shared sums, in this order: mean, interval, stack, blend; then those of networks, zeros until there is one. */
export const onlineCells = meanCells + intervalCells + stackCells + blendCells;
export const sharedCells = onlineCells + networkStackCells;
const intervalAt = meanCells;
const stackAt = meanCells + intervalCells;
const blendAt = stackAt + stackCells;
/** Numbers stored with the task: the stack's, the interval's; then those of networks, zeros until there is one. */
export const onlineStateCells = stackStateCells + intervalStateCells;
export const stateCells = onlineStateCells + networkStackStateCells;

/** Names of the experts in the order of `Answer.experts`; the last is the published prediction. */
export const expertNames = ['mean', 'bias', 'factors', 'blend'] as const;
const blendIndex = expertNames.length - 1;

/** What `predictOne` leaves behind, on the inner scale. Overwritten by the next call. */
export interface Answer {
  /** Each expert's answer, clipped to the scale. */
  readonly experts: Float64Array;
  /** Of the networks that serve, and of those in their shadow, by kind; NaN where there is none. */
  readonly networks: Float64Array;
  readonly shadows: Float64Array;
  /** By kind: how much of a network's distance from the online answer is in the prediction. */
  readonly networkWeights: Float64Array;
  /** What the prediction would be without networks. */
  online: number;
  prediction: number;
  low: number;
  high: number;
  mean: number;
  userBias: number;
  itemBias: number;
  interaction: number;
  coldUser: boolean;
  coldItem: boolean;
}

export class Learner {
  readonly settings: LearnerSettings;
  readonly users: UserTable;
  readonly items: ItemTable;
  readonly own: ItemContribution;
  readonly sums: SharedSums;
  readonly answer: Answer;
  /** The stored numbers of stack and interval. */
  readonly state: Float64Array;
  readonly #kernel: Kernel;
  readonly #stateBlock: Block;
  readonly #itemBlock: Block;
  readonly #stateBefore = new Float64Array(stateCells);
  readonly #moment: Moment;
  readonly #mean: MeanExpert;
  readonly #bias: BiasExpert;
  readonly #factors: FactorsExpert;
  readonly #experts: readonly Expert[];
  readonly #posterior: Posterior | null;
  readonly #sketches: Sketches | null;
  readonly #stack: Stack;
  readonly #blend: Blend;
  readonly #interval: Interval;
  readonly #networks: LiveNetworks;
  readonly #networkStack: NetworkStack;
  readonly #slot = emptySlot();
  /** The stack's answer, clipped to the scale. */
  #stackAnswer = 0;
  readonly #refresh: () => void;
  /** Of the interval around `answer`, before it is clipped to the scale. */
  #halfWidth = 0;
  /** True while `answer` and the moment belong to the state as it is. */
  #answerIsFresh = false;

  /** `refreshShares` is called before the stack is solved, to put the other tasks' shares into `sums.rest`. */
  constructor(settings: LearnerSettings, items: ItemTable, refreshShares: () => void = () => undefined) {
    this.settings = settings;
    this.items = items;
    this.#refresh = refreshShares;
    this.own = items.openContribution();
    const { kernel } = items;
    const { memory } = kernel;
    this.#kernel = kernel;
    this.sums = new SharedSums(sharedCells, memory);
    this.#stateBlock = memory.allocate(2 * stateCells);
    this.state = this.#stateBlock.doubles.subarray(0, stateCells);
    this.users = new UserTable(settings, memory, (row, count) => items.pin(row, count));
    this.#mean = new MeanExpert(this.sums, 0);
    this.#bias = new BiasExpert(settings, this.own);
    this.#factors = new FactorsExpert(settings, items, this.own, this.users.history);
    this.#experts = [this.#mean, this.#bias, this.#factors];
    const hasSketches = settings.sketchWidth > 0;
    const hasPosterior = hasSketches && settings.effort !== 'fast';
    this.#sketches = hasSketches ? new Sketches(settings, kernel, this.own) : null;
    this.#posterior = hasPosterior ? new Posterior(settings, items, this.users.history, this.#bias) : null;
    this.#stack = new Stack(settings, kernel, this.sums, stackAt, this.#stateBlock);
    this.#blend = new Blend(this.sums, blendAt);
    this.#interval = new Interval(this.sums, intervalAt, this.state.subarray(stackStateCells, onlineStateCells));
    this.#networkStack = new NetworkStack(kernel, this.sums, onlineCells, this.state.subarray(onlineStateCells));
    this.#itemBlock = memory.allocate(items.cells);
    this.#moment = new Moment(this.users.emptyRow, this.#itemBlock);
    this.#networks = new LiveNetworks(this.users, items);
    this.answer = {
      experts: new Float64Array(expertNames.length),
      networks: this.#networks.serving,
      shadows: this.#networks.shadow,
      networkWeights: this.#networkStack.weights,
      online: 0,
      prediction: 0,
      low: 0,
      high: 0,
      mean: 0,
      userBias: 0,
      itemBias: 0,
      interaction: 0,
      coldUser: true,
      coldItem: true,
    };
  }

  /**
   * Answers for a user row and an item row (-1: unknown) at a time. Changes no state.
   * Returns `this.answer`, which the next call overwrites.
   */
  predictOne(userRow: number, itemRow: number, seconds: number): Answer {
    this.#fill(userRow, itemRow, seconds);
    const moment = this.#moment;
    const { answer } = this;
    this.#answerIsFresh = true;
    for (let i = 0; i < this.#experts.length; i++) answer.experts[i] = clipInner(this.#experts[i]!.predict(moment));
    if (!this.#networks.isEmpty) this.#networks.predict(userRow, itemRow, moment.userHead);
    stackInputs(moment, this.settings, this.settings.effort !== 'fast', this.#stack.inputs);
    if (this.#posterior !== null) {
      this.#posterior.predict(moment);
      addPosteriorInputs(moment, this.#stack.inputs);
    }
    this.#stackAnswer = clipInner(moment.factorsAnswer + this.#stack.correction());
    answer.online = clipInner(this.#blend.predict(answer.experts[0]!, answer.experts[1]!, this.#stackAnswer));
    const blend = this.#networks.isEmpty ? answer.online : this.#withNetworks(answer.online);
    answer.experts[blendIndex] = blend;
    answer.prediction = blend;
    this.#halfWidth = this.#interval.halfWidth(this.#userCount(), this.#itemCount());
    answer.low = clipInner(blend - this.#halfWidth);
    answer.high = clipInner(blend + this.#halfWidth);
    answer.mean = moment.mean;
    answer.userBias = moment.userBias;
    answer.itemBias = moment.itemBias;
    answer.interaction = moment.interaction;
    answer.coldUser = !moment.knownUser;
    answer.coldItem = !moment.knownItem;
    return answer;
  }

  /**
   * Learns a rating (inner scale). Nothing of it reaches what is learned from: everybody answers once more before anyone
   * learns, unless `predictOne` was just asked the same. Interval, blend and stack learn from that answer; then a remembered
   * rating of the same pair is taken out, and the experts learn what is new without it.
   */
  learnOne(userId: string, itemId: string, exactRating: number, seconds: number, exactWeight: number): void {
    const rating = quantizeRating(exactRating);
    const weight = quantizeWeight(exactWeight);
    const moment = this.#moment;
    const itemRow = this.#isAnswered(itemId, moment.itemRow, this.items) ? moment.itemRow : this.items.ensure(itemId);
    let userRow = this.#isAnswered(userId, moment.userRow, this.users) ? moment.userRow : this.users.find(userId);
    if (userRow < 0) userRow = this.users.create(userId);
    this.items.markUsed(itemRow);
    this.users.markUsed(userRow);
    this.users.touch(userRow);
    this.touchSums();
    const asked = this.#answerIsFresh && moment.userRow === userRow && moment.itemRow === itemRow;
    if (!asked || moment.seconds !== seconds) this.predictOne(userRow, itemRow, seconds);
    this.#stateChanges();
    moment.weight = weight;
    this.#learnFromAnswer(rating, weight);
    if (this.#takeOut(userRow, itemRow)) {
      this.#fill(userRow, itemRow, seconds);
      for (let i = 0; i < this.#experts.length; i++) this.#experts[i]!.predict(moment);
    }
    const residual = rating - moment.factorsAnswer;
    const head = this.users.head(userRow);
    for (let i = 0; i < this.#experts.length; i++) this.#experts[i]!.learn(moment, rating);
    if (this.settings.effort !== 'fast') this.#factors.replay(moment, head);
    this.#rememberResidual(residual, weight);
    this.#sketches?.add(itemRow, userId, 1);
    this.#append(userRow, itemRow, rating, seconds, weight);
  }

  /** Puts a network in its place, or leaves the place empty. Only between two batches: a batch that is put back is answered by the same ones. */
  setNetwork(kind: NetworkKind, role: NetworkRole, network: Network | null): void {
    this.#networks.set(kind, role, network);
    this.#stateChanges();
  }

  /** Takes a rating out of biases, counts and history; false when it is not remembered. What it taught the factors stays. */
  withdraw(userId: string, itemId: string): boolean {
    const userRow = this.users.find(userId);
    const itemRow = this.items.find(itemId);
    if (userRow < 0 || itemRow < 0) return false;
    this.touchSums();
    return this.#takeOut(userRow, itemRow);
  }

  /** Takes all remembered ratings of a user out, then drops the user; false when there is none. */
  forget(userId: string): boolean {
    const userRow = this.users.find(userId);
    if (userRow < 0) return false;
    this.#stateChanges();
    this.touchSums();
    for (let slot = 0; slot < this.users.history.limit; slot++) {
      if (this.users.history.read(this.users.head(userRow), slot, this.#slot))
        this.#takeOut(userRow, this.#slot.itemRow);
    }
    this.users.forget(userId, userRow);
    return true;
  }

  /** Restores a user's stored row. */
  loadUser(userId: string, values: Float32Array): void {
    const found = this.users.find(userId);
    const row = found < 0 ? this.users.create(userId) : found;
    this.#stateChanges();
    this.users.touch(row);
    this.users.values(row).set(values);
  }

  /** Restores one remembered rating; `slot.itemRow` is a row of `items`. The user's row may come before or after. */
  loadSlot(userId: string, slotNumber: number, slot: Readonly<Slot>): void {
    const found = this.users.find(userId);
    const row = found < 0 ? this.users.create(userId) : found;
    this.#stateChanges();
    this.users.touch(row);
    this.users.setHead(row, this.users.history.write(row, this.users.head(row), slotNumber, slot));
    this.users.setNewestSeconds(row, 0);
  }

  /** Seconds of the user's newest remembered rating, or -1. */
  newestSeconds(userRow: number): number {
    const kept = this.users.newestSeconds(userRow);
    if (kept > 0) return kept;
    const { history } = this.users;
    const head = this.users.head(userRow);
    const sequence = this.users.sequence(userRow);
    const oldest = Math.max(0, sequence - history.limit);
    for (let s = sequence - 1; s >= oldest; s--) {
      const seconds = history.secondsOf(head, s % history.limit);
      if (seconds >= 0) return seconds;
    }
    return -1;
  }

  /** Visits the remembered ratings of a user, latest first. The slot is reused: copy what you keep. */
  forEachRemembered(userRow: number, visit: (slot: Readonly<Slot>) => void): void {
    const { history } = this.users;
    const sequence = this.users.sequence(userRow);
    for (let s = sequence - 1; s >= Math.max(0, sequence - history.limit); s--) {
      if (history.read(this.users.head(userRow), s % history.limit, this.#slot)) visit(this.#slot);
    }
  }

  /** Keeps before-images of the sums and of stack and interval. */
  touchSums(): void {
    if (!this.sums.touched) this.#stateBefore.set(this.state);
    this.sums.touch();
  }

  /** Gives this task's part of the shared items back; the learner is of no use afterwards. */
  close(): void {
    this.users.forEach((_, row) => this.users.history.release(this.users.head(row)));
    this.items.closeContribution(this.own);
    this.own.release();
    this.users.release();
    this.sums.release();
    this.#stack.release();
    this.#networkStack.release();
    this.#factors.release();
    this.#posterior?.release();
    this.#sketches?.release();
    for (const block of [this.#stateBlock, this.#itemBlock]) this.#kernel.memory.release(block);
  }

  /** The batch is durable; rows may leave memory, and come to belong to others. */
  settle(): void {
    this.#networks.forgetPast();
    this.users.settle();
    this.own.settle();
    this.sums.settle();
  }

  /** The batch never happened. */
  rollBack(): void {
    this.#stateChanges();
    if (this.sums.touched) this.state.set(this.#stateBefore);
    this.users.rollBack();
    this.own.rollBack();
    this.sums.rollBack();
  }

  #fill(userRow: number, itemRow: number, seconds: number): void {
    const moment = this.#moment;
    const { k } = this.settings;
    moment.userRow = userRow;
    moment.userHead = userRow < 0 ? 0 : this.users.head(userRow);
    moment.user = userRow < 0 ? this.users.emptyRow.floats : this.users.floats(userRow);
    moment.userAddress = userRow < 0 ? this.users.emptyRow.address : this.users.address(userRow);
    moment.userAt = userRow < 0 ? 0 : this.users.at(userRow);
    moment.itemRow = itemRow;
    if (itemRow < 0) moment.item.fill(0);
    else this.items.sumTo(itemRow, moment.itemAddress);
    moment.knownUser = moment.user[moment.userAt + k + userField.longCount]! > 0;
    moment.knownItem = moment.item[k + itemField.weightSum]! > 1e-6;
    moment.seconds = seconds;
    const newest = userRow < 0 ? -1 : this.newestSeconds(userRow);
    moment.pauseSeconds = newest < 0 ? -1 : Math.max(0, seconds - newest);
  }

  #learnFromAnswer(rating: number, weight: number): void {
    const { experts, prediction } = this.answer;
    this.#interval.learn(this.#userCount(), this.#itemCount(), rating - prediction, this.#halfWidth);
    this.#blend.learn(rating, weight, experts[0]!, experts[1]!, this.#stackAnswer);
    this.#stack.learn(rating - this.#moment.factorsAnswer, weight, this.#refresh);
    if (!this.#networks.isEmpty) this.#networkStack.learn(rating, weight, this.answer.networks, this.#refresh);
  }

  #withNetworks(online: number): number {
    const { serving, knownUsers } = this.#networks;
    return this.#networkStack.predict(online, serving, knownUsers, this.#userCount(), Math.max(0, this.#itemCount()));
  }

  /** What was answered, and made of a user's past, is of no use any more. */
  #stateChanges(): void {
    this.#answerIsFresh = false;
    this.#networks.forgetPast();
  }

  /** True when the fresh answer is about this very id, whose row then needs no looking up. */
  #isAnswered(id: string, row: number, table: { idOf(row: number): string }): boolean {
    return this.#answerIsFresh && row >= 0 && table.idOf(row) === id;
  }

  #userCount(): number {
    return this.#moment.user[this.#moment.userAt + this.settings.k + userField.longCount]!;
  }

  #itemCount(): number {
    return this.#moment.item[this.settings.k + itemField.weightSum]!;
  }

  #rememberResidual(residual: number, weight: number): void {
    const { user, userAt, pauseSeconds } = this.#moment;
    const fields = userAt + this.settings.k;
    const newSession = pauseSeconds < 0 || pauseSeconds > this.settings.sessionGapSeconds;
    const keep = newSession ? 0 : 1;
    user[fields + userField.sessionSum] = keep * user[fields + userField.sessionSum]! + weight * residual;
    user[fields + userField.sessionCount] = keep * user[fields + userField.sessionCount]! + weight;
    user[fields + userField.lastResidual] = residual;
  }

  #append(userRow: number, itemRow: number, rating: number, seconds: number, weight: number): void {
    const slot = this.#slot;
    slot.itemRow = itemRow;
    slot.seconds = seconds;
    slot.rating = rating;
    slot.weight = weight;
    slot.userResidual = this.#moment.userResidual;
    slot.itemResidual = this.#moment.itemResidual;
    const sequence = this.users.sequence(userRow);
    const head = this.users.head(userRow);
    this.users.setHead(userRow, this.users.history.write(userRow, head, sequence % this.users.history.limit, slot));
    this.users.setSequence(userRow, sequence + 1);
    this.users.setNewestSeconds(userRow, seconds);
  }

  /** Takes the remembered rating of a pair out of everything but the factors. */
  #takeOut(userRow: number, itemRow: number): boolean {
    const { history } = this.users;
    const slotNumber = history.find(this.users.head(userRow), itemRow);
    if (slotNumber < 0) return false;
    this.#stateChanges();
    const slot = this.#slot;
    history.read(this.users.head(userRow), slotNumber, slot);
    this.users.touch(userRow);
    const age = (this.users.sequence(userRow) - 1 - slotNumber) % history.limit;
    this.#bias.withdraw(
      this.users.floats(userRow),
      this.users.at(userRow),
      slot,
      (age + history.limit) % history.limit,
    );
    this.touchSums();
    this.#mean.add(slot.rating, -slot.weight);
    this.#sketches?.add(itemRow, this.users.idOf(userRow), -1);
    history.clear(userRow, this.users.head(userRow), slotNumber);
    this.users.setNewestSeconds(userRow, 0);
    return true;
  }
}
