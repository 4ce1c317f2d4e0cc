/** What the laws of the learner need: ratings to feed it, and everything it knows as one comparable value. */
import { historyBlock } from '../support/history-block.ts';
import fc from 'fast-check';
import { createPlainKernel } from '../../src/kernel/plain.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { emptySlot, type Slot } from '../../src/model/history.ts';
import { ItemTable } from '../../src/model/item-table.ts';
import { Learner } from '../../src/model/learner.ts';
import { mix } from '../../src/kernel/seeded.ts';
import { defaultSettings, type LearnerSettings } from '../../src/model/settings.ts';

/** Small rows and a short history, so that rings wrap and random tests are quick; steps and sizes are the defaults. */
export const smallSettings: LearnerSettings = {
  ...defaultSettings,
  k: 6,
  historyLimit: 8,
  replays: 2,
  replayWindow: 4,
};

export function newLearner(settings: LearnerSettings = smallSettings, kernel: Kernel = createPlainKernel()): Learner {
  return new Learner(settings, new ItemTable(settings, kernel));
}

export type Operation =
  | {
      readonly kind: 'rate';
      readonly user: number;
      readonly item: number;
      readonly rating: number;
      readonly weight: number;
      readonly pause: number;
    }
  | { readonly kind: 'withdraw'; readonly user: number; readonly item: number }
  | { readonly kind: 'forget'; readonly user: number }
  | { readonly kind: 'load'; readonly user: number; readonly ratings: number };

/** Few users and items, so that ratings are changed, withdrawn and forgotten all the time. */
const user = fc.integer({ min: 0, max: 4 });
const item = fc.integer({ min: 0, max: 11 });
const rate = fc.record({
  kind: fc.constant('rate' as const),
  user,
  item,
  rating: fc.double({ min: 1, max: 5, noNaN: true }),
  weight: fc.constantFrom(0.5, 1, 1, 1, 2),
  pause: fc.constantFrom(0, 30, 3600),
});
const withdraw = fc.record({ kind: fc.constant('withdraw' as const), user, item });
const forget = fc.record({ kind: fc.constant('forget' as const), user });
const load = fc.record({ kind: fc.constant('load' as const), user, ratings: fc.integer({ min: 0, max: 11 }) });

export const operations = (maxLength = 60): fc.Arbitrary<Operation[]> =>
  fc.array(
    fc.oneof(
      { arbitrary: rate, weight: 12 },
      { arbitrary: withdraw, weight: 3 },
      { arbitrary: forget, weight: 1 },
      { arbitrary: load, weight: 1 },
    ),
    { maxLength, size: 'max' },
  );
/** Without `load`, which sets sums to whatever was stored. */
export const ownOperations = (maxLength = 60): fc.Arbitrary<Operation[]> =>
  fc.array(
    fc.oneof({ arbitrary: rate, weight: 12 }, { arbitrary: withdraw, weight: 3 }, { arbitrary: forget, weight: 1 }),
    { maxLength, size: 'max' },
  );

export const userIdOf = (n: number): string => `u${n}`;
export const itemIdOf = (n: number): string => `i${n}`;

/** Plays operations and says what was answered before each rating, as bits. `seconds` of the first one. */
export function play(learner: Learner, list: readonly Operation[], startSeconds = 1_000_000): string[] {
  let seconds = startSeconds;
  const answers: string[] = [];
  for (const operation of list) {
    const userId = userIdOf(operation.user);
    switch (operation.kind) {
      case 'rate': {
        const itemId = itemIdOf(operation.item);
        seconds += operation.pause;
        answers.push(answerBits(learner, userId, itemId, seconds));
        learner.learnOne(userId, itemId, operation.rating, seconds, operation.weight);
        break;
      }
      case 'withdraw':
        learner.withdraw(userId, itemIdOf(operation.item));
        break;
      case 'forget':
        learner.forget(userId);
        break;
      case 'load':
        loadStored(learner, userId, operation.ratings, seconds);
        break;
    }
  }
  return answers;
}

export function answerBits(learner: Learner, userId: string, itemId: string, seconds: number): string {
  const { experts, ...rest } = learner.predictOne(learner.users.find(userId), learner.items.find(itemId), seconds);
  return `${bits(experts)} ${bits(Float64Array.from(Object.values(rest), Number))}`;
}

/** A row and its remembered ratings as a store could have them. */
function loadStored(learner: Learner, userId: string, ratings: number, seconds: number): void {
  const values = new Float32Array(learner.users.cells);
  for (let i = 0; i < values.length; i++) values[i] = (mix(i + 7 * ratings) / 2 ** 32) * 0.5;
  values[values.length - 1] = ratings;
  learner.loadUser(userId, values);
  const slot: Slot = emptySlot();
  for (let n = Math.max(0, ratings - learner.users.history.limit); n < ratings; n++) {
    slot.itemRow = learner.items.ensure(itemIdOf(n));
    slot.seconds = seconds - ratings + n;
    slot.rating = 1 + (n % 5);
    slot.userResidual = n / 16;
    slot.itemResidual = -n / 32;
    learner.loadSlot(userId, n % learner.users.history.limit, slot);
  }
}

/**
 * Everything the learner knows, by outside ids, with numbers as bits. Items that were only looked up are left out: their
 * rows hold what their id says, and the store never hears of them.
 */
export function stateOf(learner: Learner): Record<string, unknown> {
  const users: Record<string, unknown> = {};
  learner.users.forEach((id, row) => {
    const blocks = Array.from({ length: learner.users.history.blockCount }, (_, block) =>
      historyBlock(learner, row, block).map((slot) =>
        slot === null ? null : { ...slot, itemRow: learner.items.idOf(slot.itemRow) },
      ),
    );
    users[id] = { row: bits(learner.users.values(row)), blocks };
  });
  const items: Record<string, unknown> = {};
  const sum = new Float32Array(learner.items.cells);
  learner.own.forEach((row, values) => {
    learner.items.read(row, sum);
    items[learner.items.idOf(row)] = { own: bits(values), sum: bits(sum) };
  });
  return { users, items, sums: bits(learner.sums.own), state: bits(learner.state) };
}

export function bits(numbers: Float32Array | Float64Array): string {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('hex');
}

/** Ids of the items that remembered ratings refer to: all that is left when everything else is evicted. */
export function pinnedItems(learner: Learner): string[] {
  learner.settle();
  learner.items.evictDownTo(0);
  return Array.from({ length: learner.items.rowLimit }, (_, row) => row)
    .filter((row) => learner.items.has(row))
    .map((row) => learner.items.idOf(row))
    .sort();
}
