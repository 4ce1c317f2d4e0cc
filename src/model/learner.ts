/**
 * One task's learner: every expert answers, the stack blends them, and only then do they learn. Pure: no clock, no
 * chance, no I/O; the same settings and the same ratings give the same bits.
 *
 * State changes only in `learnOne`, `withdraw`, `forget` and the `load...` functions; each can be undone until the batch
 * is settled.
 */
import { InvariantViolation } from '../errors.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Block } from '../kernel/row-memory.ts';
import { blendIndex, newAnswer, type Answer } from './answer.ts';
import { Blend } from './blend.ts';
import { addPosteriorInputs, stackInputs } from './context.ts';
import { BiasExpert } from './experts/bias.ts';
import type { Expert } from './experts/expert.ts';
import { FactorsExpert } from './experts/factors.ts';
import { MeanExpert } from './experts/mean.ts';
import { interactionShares } from './experts/interaction-shares.ts';
import { Posterior, type PastRating } from './experts/posterior.ts';
import { emptySlot, quantizeRating, quantizeWeight, type Slot } from './history.ts';
import { Interval } from './interval.ts';
import type { ItemContribution } from './item-contribution.ts';
import type { ItemTable } from './item-table.ts';
import { Moment } from './moment.ts';
import type { NetworkKind } from './networks/kinds.ts';
import {
  blendAt,
  intervalAt,
  onlineCells,
  onlineStateCells,
  sharedCells,
  stackAt,
  stateCells,
} from './learned-cells.ts';
import { LiveNetworks, type NetworkRole } from './networks/live-networks.ts';
import type { Network } from './networks/network.ts';
import { cell, NetworkStack } from './network-stack.ts';
import { forEachRememberedOf, newestSecondsOf, remember } from './remembered.ts';
import { itemField, userField } from './row-layout.ts';
import { clipInner } from './scale.ts';
import type { Effort, LearnerSettings } from './settings.ts';
import { SharedSums } from './shared-sums.ts';
import { Sketches } from './sketch.ts';
import { Stack, stackStateCells } from './stack.ts';
import { UserTable } from './user-table.ts';

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
  /** The rating to be learned, of which `moment` has what a history can hold. */
  #exactRating = 0;
  readonly #refresh: () => void;
  #effort: Effort;
  /** True while `answer` and the moment belong to the state as it is. */
  #answerIsFresh = false;

  /** `refreshShares` is called before the stack is solved, to put the other tasks' shares into `sums.rest`. */
  constructor(settings: LearnerSettings, items: ItemTable, refreshShares: () => void = () => undefined) {
    this.settings = settings;
    this.#effort = settings.effort;
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
    this.#sketches = hasSketches ? new Sketches(settings, kernel, this.own) : null;
    this.#posterior = hasSketches ? new Posterior(settings, items, this.users.history, this.#bias) : null;
    this.#stack = new Stack(settings, kernel, this.sums, stackAt, this.#stateBlock);
    this.#blend = new Blend(this.sums, blendAt);
    this.#interval = new Interval(this.sums, intervalAt, this.state.subarray(stackStateCells, onlineStateCells));
    this.#networkStack = new NetworkStack(kernel, this.sums, onlineCells, this.state.subarray(onlineStateCells));
    this.#itemBlock = memory.allocate(items.cells);
    this.#moment = new Moment(this.users.emptyRow, this.#itemBlock);
    this.#networks = new LiveNetworks(this.users, items);
    const { serving, shadow } = this.#networks;
    this.answer = newAnswer(serving, shadow, this.#networkStack.weights);
  }

  get effort(): Effort {
    return this.#effort;
  }

  /** What is done for each rating from now on. Only between two batches: a batch that is put back is learned in the same way. */
  setEffort(effort: Effort): void {
    if (effort === this.#effort) return;
    if (effort === 'full' && this.#posterior === null)
      throw new InvariantViolation('Full effort needs sketches of items. Please report it.');
    this.#effort = effort;
    this.#stack.use(effort);
    this.#stateChanges();
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
    stackInputs(moment, this.settings, this.#effort !== 'fast', this.#stack.inputs);
    if (this.#posterior !== null && this.#effort === 'full') {
      this.#posterior.predict(moment);
      addPosteriorInputs(moment, this.#stack.inputs);
    }
    this.#stackAnswer = clipInner(moment.factorsAnswer + this.#stack.correction());
    answer.online = clipInner(this.#blend.predict(answer.experts[0]!, answer.experts[1]!, this.#stackAnswer));
    let blend = answer.online;
    if (!this.#networks.isEmpty) {
      this.#askNetworkStack();
      blend = this.#networkStack.cells[cell.answer]!;
    }
    answer.experts[blendIndex] = blend;
    answer.prediction = blend;
    this.#interval.around(blend, this.#userCount(), this.#itemCount());
    answer.low = this.#interval.low;
    answer.high = this.#interval.high;
    answer.mean = moment.mean;
    answer.userBias = moment.userBias;
    answer.itemBias = moment.itemBias;
    answer.interaction = moment.interaction;
    answer.coldUser = !moment.knownUser;
    answer.coldItem = !moment.knownItem;
    return answer;
  }

  /**
   * What moved the prediction, of the user's own ratings, on the inner scale. With the posterior: by how much it would be
   * another one without each of those that were looked at, all else being as it is. Otherwise their shares in the
   * interaction. Changes no state.
   */
  forEachInfluence(
    userRow: number,
    itemRow: number,
    seconds: number,
    visit: (rating: Readonly<PastRating>, moved: number) => void,
  ): void {
    const { prediction, experts, interaction } = this.predictOne(userRow, itemRow, seconds);
    this.#answerIsFresh = false;
    if (userRow < 0 || itemRow < 0) return;
    const moment = this.#moment;
    if (this.#posterior === null || this.#effort !== 'full') {
      const ratings: PastRating[] = [];
      this.forEachRemembered(userRow, ({ itemRow, rating, seconds }) => ratings.push({ itemRow, rating, seconds }));
      const shares = interactionShares(this.#pullsOf(ratings), interaction) ?? [];
      shares.forEach((share, i) => visit(ratings[i]!, share));
      return;
    }
    const { posteriorAnswer } = moment;
    this.#posterior.forEachShift((rating, shift) => {
      moment.posteriorAnswer = posteriorAnswer - shift;
      addPosteriorInputs(moment, this.#stack.inputs);
      const stacked = clipInner(moment.factorsAnswer + this.#stack.correction());
      this.answer.online = clipInner(this.#blend.predict(experts[0]!, experts[1]!, stacked));
      if (!this.#networks.isEmpty) this.#askNetworkStack();
      visit(
        rating,
        prediction - (this.#networks.isEmpty ? this.answer.online : this.#networkStack.cells[cell.answer]!),
      );
    });
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
    moment.rating = rating;
    moment.weight = weight;
    this.#exactRating = exactRating;
    this.#learnFromAnswer();
    if (!this.#networks.isEmpty) this.#networkStack.learn(moment, this.answer.networks, this.#refresh);
    if (this.#takeOut(userRow, itemRow)) {
      this.#fill(userRow, itemRow, seconds);
      for (let i = 0; i < this.#experts.length; i++) this.#experts[i]!.predict(moment);
    }
    const residual = rating - moment.factorsAnswer;
    const head = this.users.head(userRow);
    for (let i = 0; i < this.#experts.length; i++) this.#experts[i]!.learn(moment, rating);
    if (this.#effort !== 'fast') this.#factors.replay(moment, head);
    this.#rememberResidual(residual, weight);
    this.#sketches?.add(itemRow, userId, 1);
    this.#remember(userRow, itemRow);
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

  /** Visits the remembered ratings of a user, latest first. The slot is reused: copy what you keep. */
  forEachRemembered(userRow: number, visit: (slot: Readonly<Slot>) => void): void {
    forEachRememberedOf(this.users, userRow, this.#slot, visit);
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
    const newest = userRow < 0 ? -1 : newestSecondsOf(this.users, userRow);
    moment.pauseSeconds = newest < 0 ? -1 : Math.max(0, seconds - newest);
  }

  #learnFromAnswer(): void {
    const { rating, weight } = this.#moment;
    const { experts, prediction } = this.answer;
    this.#interval.learn(prediction, this.#userCount(), this.#itemCount(), this.#exactRating);
    this.#blend.learn(rating, weight, experts[0]!, experts[1]!, this.#stackAnswer);
    this.#stack.learn(rating - this.#moment.factorsAnswer, weight, this.#refresh);
  }

  #askNetworkStack(): void {
    const { cells } = this.#networkStack;
    cells[cell.online] = this.answer.online;
    cells[cell.userCount] = this.#userCount();
    cells[cell.itemCount] = Math.max(0, this.#itemCount());
    this.#networkStack.predict(this.#networks.serving, this.#networks.knownUsers);
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

  /** What mean and biases leave of each rating, times how alike its item and that of the moment are. */
  #pullsOf(ratings: readonly PastRating[]): number[] {
    const { item, mean, userBias } = this.#moment;
    const other = new Float32Array(this.items.cells);
    return ratings.map(({ itemRow, rating }) => {
      this.items.read(itemRow, other);
      let dot = 0;
      for (let f = 0; f < this.settings.k; f++) dot += item[f]! * other[f]!;
      return dot * (rating - mean - userBias - this.#bias.itemBias(other));
    });
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

  #remember(userRow: number, itemRow: number): void {
    const slot = this.#slot;
    const { rating, seconds, weight, userResidual, itemResidual } = this.#moment;
    slot.itemRow = itemRow;
    slot.seconds = seconds;
    slot.rating = rating;
    slot.weight = weight;
    slot.userResidual = userResidual;
    slot.itemResidual = itemResidual;
    remember(this.users, userRow, slot);
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
