import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventIds, eventIdWindow } from '../../src/stream/event-ids.ts';

/** A store that keeps what checkpoints write. */
function stored() {
  const groups = new Map<string, Uint8Array>();
  return {
    groups,
    checkpoint(ids: EventIds): void {
      for (const { key, value } of ids.changes()) {
        if (value === null) groups.delete(key);
        else groups.set(key, value);
      }
      ids.settle();
    },
    restore(sequence: number, order: (keys: string[]) => string[] = (keys) => keys): EventIds {
      const ids = new EventIds();
      for (const key of order([...groups.keys()])) ids.restoreGroup(key, groups.get(key)!);
      ids.restored(sequence);
      return ids;
    },
  };
}

/** Events without an id. */
function pass(ids: EventIds, count: number): void {
  for (let i = 0; i < count; i++) ids.add(null);
}

describe('event ids', () => {
  test('are known for the window, counted in events with and without an id', () => {
    const ids = new EventIds();
    expect(ids.isDuplicate('a')).toBe(false);
    ids.add('a');
    pass(ids, eventIdWindow - 2);
    // The next event and that of 'a' are the last and the first of as many events as the window has.
    expect(ids.isDuplicate('a')).toBe(true);
    pass(ids, 1);
    expect(ids.isDuplicate('a')).toBe(false);
  });

  test('are as before the batch after a roll-back', () => {
    const ids = new EventIds();
    ids.add('a');
    ids.settle();
    ids.add('b');
    pass(ids, 5);
    ids.rollBack();
    expect({ sequence: ids.sequence, a: ids.isDuplicate('a'), b: ids.isDuplicate('b') }).toEqual({
      sequence: 1,
      a: true,
      b: false,
    });
    expect(ids.changes()).toEqual([]);
  });

  test('that come again after the window count from then, and a roll-back takes that back', () => {
    const ids = new EventIds();
    ids.add('a');
    pass(ids, eventIdWindow);
    ids.settle();
    ids.add('a');
    expect(ids.isDuplicate('a')).toBe(true);
    ids.rollBack();
    expect(ids.isDuplicate('a')).toBe(false);
    ids.add('a');
    ids.settle();
    pass(ids, eventIdWindow - 2);
    expect(ids.isDuplicate('a')).toBe(true);
  });

  test('are forgotten by the store once a whole group is out of the window', () => {
    const store = stored();
    const ids = new EventIds();
    for (const id of ['a', 'b']) {
      ids.add(id);
      store.checkpoint(ids);
      pass(ids, 10);
    }
    expect(store.groups.size).toBe(2);
    pass(ids, eventIdWindow - 15);
    store.checkpoint(ids);
    expect([...store.groups.keys()]).toEqual(['e/11']);
    pass(ids, 20);
    store.checkpoint(ids);
    expect(store.groups.size).toBe(0);
  });

  test('asked for changes change nothing', () => {
    const ids = new EventIds();
    ids.add('a');
    expect(ids.changes()).toEqual(ids.changes());
  });

  test('are the same after a restart, whatever the order in which the groups come back', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ add: fc.constantFrom('a', 'b', 'c', 'd', 'e', null) }) },
      { weight: 2, arbitrary: fc.constant('checkpoint' as const) },
      { weight: 1, arbitrary: fc.constant('roll back' as const) },
      { weight: 1, arbitrary: fc.constant('age' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, reversed) => {
        const store = stored();
        const ids = new EventIds();
        for (const one of steps) {
          if (one === 'checkpoint') store.checkpoint(ids);
          else if (one === 'roll back') ids.rollBack();
          else if (one === 'age') pass(ids, eventIdWindow / 2);
          else if (one.add === null || !ids.isDuplicate(one.add)) ids.add(one.add);
        }
        store.checkpoint(ids);
        const again = store.restore(ids.sequence, (keys) => (reversed ? keys.reverse() : keys));
        for (const age of [0, eventIdWindow / 2, eventIdWindow / 2]) {
          pass(ids, age);
          pass(again, age);
          for (const id of ['a', 'b', 'c', 'd', 'e']) expect(again.isDuplicate(id)).toBe(ids.isDuplicate(id));
        }
      }),
      { numRuns: 60 },
    );
  });
});
