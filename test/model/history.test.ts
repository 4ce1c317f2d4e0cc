import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  emptySlot,
  History,
  quantizeRating,
  quantizeResidual,
  quantizeWeight,
  type Slot,
} from '../../src/model/history.ts';

/** Three runs of one block; and four of one, four of two, one of three. */
const limits = [12, 60];
const users = 3;
const itemRows = [0, 1, 2, 3, 4, 5];

/** A slot knows one zero. */
const storable = (residual: number): number => quantizeResidual(residual) + 0;
const entry = fc.record<Slot>({
  itemRow: fc.integer({ min: 0, max: 5 }),
  seconds: fc.nat(0xffffffff),
  rating: fc.double({ min: 1, max: 5, noNaN: true }).map(quantizeRating),
  weight: fc.double({ min: 0.001, max: 10, noNaN: true }).map(quantizeWeight),
  userResidual: fc.double({ min: -9, max: 9, noNaN: true }).map(storable),
  itemResidual: fc.double({ min: -9, max: 9, noNaN: true }).map(storable),
});
const user = fc.nat(users - 1);
const stepsOf = (slot: fc.Arbitrary<number>) =>
  fc.array(
    fc.oneof(
      { weight: 10, arbitrary: fc.record({ kind: fc.constant('write' as const), user, slot, entry }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('clear' as const), user, slot }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), user }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('settle' as const, 'rollBack' as const) }) },
    ),
    { maxLength: 60, size: 'max' },
  );

type Model = { readonly slots: Map<number, Slot>[]; readonly heads: number[] };
const copyOf = ({ slots, heads }: Model): Model => ({ slots: slots.map((s) => new Map(s)), heads: [...heads] });

describe('history', () => {
  it.each(limits)(
    'of %i behaves like slots in maps that are copied before each batch, and pins what they refer to',
    (limit) => {
      fc.assert(
        fc.property(stepsOf(fc.nat(limit - 1)), (list) => {
          const pins = new Map<number, number>();
          const history = new History(limit, (row, count) => pins.set(row, (pins.get(row) ?? 0) + count));
          let now: Model = { slots: Array.from({ length: users }, () => new Map<number, Slot>()), heads: [0, 0, 0] };
          let settled = copyOf(now);
          const changed = new Set<string>();
          // A released user's row is not given to another within the batch.
          const userRows = [0, 1, 2];
          for (const step of list) {
            if (step.kind === 'write') {
              now.heads[step.user] = history.write(userRows[step.user]!, now.heads[step.user]!, step.slot, step.entry);
              now.slots[step.user]!.set(step.slot, step.entry);
              changed.add(`${userRows[step.user]!}/${step.slot >> 2}`);
            } else if (step.kind === 'clear') {
              history.clear(userRows[step.user]!, now.heads[step.user]!, step.slot);
              if (now.slots[step.user]!.delete(step.slot)) changed.add(`${userRows[step.user]!}/${step.slot >> 2}`);
            } else if (step.kind === 'release') {
              history.release(now.heads[step.user]!);
              now.heads[step.user] = 0;
              now.slots[step.user]!.clear();
              userRows[step.user]! += users;
            } else {
              const told = [...history.touchedBlocks()].map(([u, block]) => `${u}/${block}`);
              expect(new Set(told).size).toBe(told.length);
              expect(told).toEqual(expect.arrayContaining([...changed]));
              history[step.kind]();
              if (step.kind === 'settle') settled = copyOf(now);
              else now = copyOf(settled);
              changed.clear();
            }
            expectSame(history, now, pins);
          }
        }),
        { numRuns: 200 },
      );
    },
  );

  it('holds what it is given, at the edges of what can be rated, weighed and timed', () => {
    const history = new History(4, () => undefined);
    const extremes: Slot[] = [
      { itemRow: 0, seconds: 0, rating: 1, weight: 1 / 4096, userResidual: -32767 / 4096, itemResidual: 32767 / 4096 },
      { itemRow: 2 ** 31, seconds: 2 ** 32 - 1, rating: 5, weight: 10, userResidual: 0, itemResidual: -1 / 4096 },
    ];
    let head = 0;
    extremes.forEach((extreme, at) => (head = history.write(0, head, at, extreme)));
    extremes.forEach((extreme, at) => {
      const read = emptySlot();
      expect(history.read(head, at, read)).toBe(true);
      expect(read).toEqual(extreme);
    });
  });

  it('is exact for halves, thirds, fifths, sevenths and tenths of the scale, and rounds the rest', () => {
    for (const parts of [2, 3, 5, 7, 10]) {
      for (let part = 0; part <= 4 * parts; part++) {
        const rating = 1 + part / parts;
        expect(Math.abs(quantizeRating(rating) - rating)).toBeLessThan(1e-12);
      }
    }
    expect(Math.abs(quantizeRating(Math.PI) - Math.PI)).toBeLessThan(4 / 65520 / 2 + 1e-12);
    expect([quantizeResidual(100), quantizeResidual(-100)]).toEqual([32767 / 4096, -32767 / 4096]);
    expect(quantizeWeight(1e-9)).toBe(1 / 4096);
  });

  it('rounds its limit up to whole blocks', () => {
    expect([1, 4, 5, 32].map((wanted) => new History(wanted, () => undefined).limit)).toEqual([4, 4, 8, 32]);
  });
});

function expectSame(history: History, { slots, heads }: Model, pins: ReadonlyMap<number, number>): void {
  const pinsDue = new Map<number, number>();
  const found = slots.map((_, u) => {
    const read = Array.from({ length: history.limit }, (__, at) => {
      const into = emptySlot();
      return history.read(heads[u]!, at, into) ? into : undefined;
    });
    const seconds = read.map((__, at) => history.secondsOf(heads[u]!, at));
    return { read, seconds, first: itemRows.map((itemRow) => history.find(heads[u]!, itemRow)) };
  });
  const due = slots.map((expected) => {
    const read = Array.from({ length: history.limit }, (__, at) => expected.get(at));
    for (const { itemRow } of expected.values()) pinsDue.set(itemRow, (pinsDue.get(itemRow) ?? 0) + 1);
    const first = itemRows.map((itemRow) => read.findIndex((s) => s?.itemRow === itemRow));
    return { read, seconds: read.map((s) => s?.seconds ?? -1), first };
  });
  expect(found).toEqual(due);
  expect(new Map([...pins].filter(([, count]) => count !== 0))).toEqual(pinsDue);
}
