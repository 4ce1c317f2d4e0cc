import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  eventIdsKey,
  historyKey,
  itemIdOf,
  itemKey,
  parseStateKey,
  settingsKey,
  sumsKey,
  taskKey,
  userKey,
} from '../../src/stream/keys.ts';

const id = fc.string({ unit: 'grapheme', minLength: 1 });

test('any id can be told from its key again, slashes and all', () => {
  fc.assert(
    fc.property(
      fc.oneof(id, fc.constantFrom('/', 'a/b', '0/1/', 't/task', 's/sums')),
      fc.nat({ max: 99 }),
      (text, n) => {
        expect(parseStateKey(userKey(text))).toEqual({ kind: 'user', userId: text });
        expect(parseStateKey(historyKey(text, n))).toEqual({ kind: 'history', userId: text, blockNumber: n });
        expect(itemIdOf(itemKey(text))).toBe(text);
      },
    ),
  );
});

test('a key of each kind is of that kind, and others are unknown', () => {
  expect([taskKey, settingsKey, eventIdsKey(5), 'x/y', ''].map((key) => parseStateKey(key).kind)).toEqual([
    'task',
    'settings',
    'event-ids',
    'unknown',
    'unknown',
  ]);
});

test('the shared sums are no item, whatever an item is called', () => {
  expect(itemIdOf(sumsKey)).toBeNull();
  expect(itemKey('sums')).not.toBe(sumsKey);
});
