import { describe, expect, it } from 'vitest';
import { emptySlot } from '../../src/model/history.ts';
import { UserTable } from '../../src/model/user-table.ts';
import { plainRows } from '../../src/kernel/row-memory.ts';
import { smallSettings } from '../contracts/learner-harness.ts';

function tableOf(pins: number[], ...ids: string[]): UserTable {
  const users = new UserTable(smallSettings, plainRows, (row, count) => (pins[row] = (pins[row] ?? 0) + count));
  for (const id of ids) remember(users, id, 0);
  users.settle();
  return users;
}

function remember(users: UserTable, id: string, itemRow: number): void {
  const row = users.find(id) < 0 ? users.create(id) : users.find(id);
  users.touch(row);
  const slot = { ...emptySlot(), itemRow, rating: 3 };
  users.setHead(row, users.history.write(row, users.head(row), users.sequence(row), slot));
  users.setSequence(row, users.sequence(row) + 1);
}

describe('user table', () => {
  it('evicts whole users with their history, and lets their items go', () => {
    const pins: number[] = [];
    const users = tableOf(pins, 'a', 'b', 'c');
    expect(pins[0]).toBe(3);
    users.evictDownTo(1);
    expect([users.size, users.evictedCount, pins[0]]).toEqual([1, 2, 1]);
    users.evictDownTo(0);
    expect([users.size, pins[0]]).toEqual([0, 0]);
    // A rollback after that finds nothing to put back: eviction is no part of a batch.
    users.rollBack();
    expect(users.size).toBe(0);
  });

  it('evicts those first that were not used lately', () => {
    const users = tableOf([], 'a', 'b', 'c');
    users.evictDownTo(2);
    expect(users.find('a')).toBe(-1);
    users.markUsed(users.find('b'));
    users.evictDownTo(1);
    expect([users.find('b') >= 0, users.find('c')]).toEqual([true, -1]);
  });

  it('starts a user anew after eviction: same initial factors, no trace of the former row', () => {
    const users = tableOf([], 'a');
    const initial = [...users.values(users.find('a')).subarray(0, smallSettings.k)];
    users.values(users.find('a')).fill(5);
    users.evictDownTo(0);
    const row = users.create('a');
    expect([...users.values(row).subarray(0, smallSettings.k)]).toEqual(initial);
    expect([...users.values(row).subarray(smallSettings.k)].every((value) => value === 0)).toBe(true);
    expect(users.head(row)).toBe(0);
  });

  it('tells of a batch who was forgotten, and names no forgotten user among the changed', () => {
    const users = tableOf([], 'a', 'b');
    remember(users, 'a', 1);
    remember(users, 'b', 1);
    users.forget('a', users.find('a'));
    expect([...users.forgottenInBatch()]).toEqual(['a']);
    expect([...users.touchedRows()].map((row) => users.idOf(row))).toEqual(['b']);
    expect([...users.touchedBlocks()].map(([row]) => users.idOf(row))).toEqual(['b']);
    users.rollBack();
    expect([users.find('a') >= 0, [...users.forgottenInBatch()]]).toEqual([true, []]);
  });

  it('visits users in the order in which they came', () => {
    const users = tableOf([], 'c', 'a', 'b');
    const visited: string[] = [];
    users.forEach((id) => visited.push(id));
    expect(visited).toEqual(['c', 'a', 'b']);
  });
});
