import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignSticky, type Assignment, type GroupMemberView } from '../../../src/adapters/kafka/assigner.ts';

const member = (
  memberId: string,
  owned: readonly number[] = [],
  restored: [number, number][] = [],
): GroupMemberView => ({
  memberId,
  address: null,
  owned,
  restored: new Map(restored),
});
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const sizes = (assignment: Assignment): number[] => [...assignment.values()].map(({ length }) => length);

/** Members as a group may have them: who owns what overlaps, and names partitions that are no more. */
const group = fc.record({
  partitionCount: fc.integer({ min: 0, max: 24 }),
  members: fc.uniqueArray(
    fc.record({
      memberId: fc.string({ minLength: 1, maxLength: 4 }),
      owned: fc.uniqueArray(fc.nat({ max: 30 }), { maxLength: 24 }),
      restored: fc.array(fc.tuple(fc.nat({ max: 30 }), fc.nat()), { maxLength: 8 }),
    }),
    { minLength: 1, maxLength: 8, selector: ({ memberId }) => memberId },
  ),
});

describe('the sticky assigner', () => {
  it('gives every partition to exactly one member, balanced within one, and names every member', () => {
    fc.assert(
      fc.property(group, ({ partitionCount, members }) => {
        const assignment = assignSticky(
          members.map(({ memberId, owned, restored }) => member(memberId, owned, restored)),
          range(partitionCount),
        );
        expect([...assignment.keys()].sort()).toEqual(members.map(({ memberId }) => memberId).sort());
        expect([...assignment.values()].flat().sort((a, b) => a - b)).toEqual(range(partitionCount));
        expect(Math.max(...sizes(assignment)) - Math.min(...sizes(assignment))).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('answers the same whatever the order in which it hears of members and partitions', () => {
    fc.assert(
      fc.property(group, fc.nat(), ({ partitionCount, members }, turn) => {
        const views = members.map(({ memberId, owned, restored }) => member(memberId, owned, restored));
        const at = turn % views.length;
        const turned = [...views.slice(at), ...views.slice(0, at)].reverse();
        const sorted = (assignment: Assignment) => [...assignment].sort(([a], [b]) => (a < b ? -1 : 1));
        expect(sorted(assignSticky(turned, range(partitionCount).reverse()))).toEqual(
          sorted(assignSticky(views, range(partitionCount))),
        );
      }),
    );
  });

  it('moves nothing when nobody came or went', () => {
    fc.assert(
      fc.property(group, ({ partitionCount, members }) => {
        const names = members.map(({ memberId }) => member(memberId));
        const first = assignSticky(names, range(partitionCount));
        const again = names.map(({ memberId }) => member(memberId, first.get(memberId)));
        for (const [memberId, partitions] of assignSticky(again, range(partitionCount))) {
          expect(partitions).toEqual(first.get(memberId));
        }
      }),
    );
  });

  it('moves no more than a newcomer needs, and nothing between those who stay', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 24 }), (memberCount, partitionCount) => {
        const names = range(memberCount).map((i) => member(`m${i}`));
        const before = assignSticky(names, range(partitionCount));
        const stayed = names.map(({ memberId }) => member(memberId, before.get(memberId)));
        const after = assignSticky([...stayed, member('new')], range(partitionCount));
        for (const { memberId } of names) {
          for (const partition of after.get(memberId)!) expect(before.get(memberId)).toContain(partition);
        }
        expect(after.get('new')!.length).toBeLessThanOrEqual(Math.ceil(partitionCount / (memberCount + 1)));
      }),
    );
  });

  it('spreads what a leaver had, and leaves the others theirs', () => {
    const after = assignSticky([member('a', [0, 1, 2, 3]), member('b', [4, 5, 6, 7])], range(12));
    expect(after.get('a')).toEqual(expect.arrayContaining([0, 1, 2, 3]));
    expect(after.get('b')).toEqual(expect.arrayContaining([4, 5, 6, 7]));
    expect(sizes(after)).toEqual([6, 6]);
  });

  it('prefers who is nearest to having the state, then who has most room', () => {
    const after = assignSticky(
      [member('a', [], [[3, 10]]), member('b', [], [[3, 900]]), member('c', [0, 1])],
      range(4),
    );
    expect(after.get('b')).toContain(3);
    expect(after.get('a')).toEqual([2]);
  });

  it('believes, of two that say they own a partition, the one that is further', () => {
    const after = assignSticky([member('a', [0, 1], [[0, 5]]), member('z', [0], [[0, 70]])], range(2));
    expect(after.get('z')).toEqual([0]);
    expect(after.get('a')).toEqual([1]);
  });
});
