import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  eventIdsKey,
  historyKey,
  itemKey,
  parseItemsKey,
  parseStateKey,
  settingsKey,
  sketchKey,
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
        expect(parseItemsKey(itemKey(text))).toEqual({ kind: 'numbers', itemId: text });
        expect(parseItemsKey(sketchKey(text))).toEqual({ kind: 'sketch', itemId: text });
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
  expect(parseItemsKey(sumsKey)).toEqual({ kind: 'sums' });
  for (const id of ['sums', 's/sums']) expect([itemKey(id), sketchKey(id)]).not.toContain(sumsKey);
  expect(['s/other', 'x/1', ''].map((key) => parseItemsKey(key).kind)).toEqual(['unknown', 'unknown', 'unknown']);
});
