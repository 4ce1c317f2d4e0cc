/**
 * Which member of the group gets which partition: owners keep theirs as far as the balance allows, the rest goes to who
 * is nearest to having its state. Every member that is asked answers the same.
 */
import type { Offset } from '../../ports/transport.ts';

export interface GroupMemberView {
  readonly memberId: string;
  readonly address: string | null;
  readonly owned: readonly number[];
  /** Changelog position up to which the member holds the state of a partition, on disk or in memory. */
  readonly restored: ReadonlyMap<number, Offset>;
}

/** Partitions by member id, ascending; balanced within one; members without a partition are in it, too. */
export type Assignment = ReadonlyMap<string, readonly number[]>;
export type AssignPartitions = (members: readonly GroupMemberView[], partitions: readonly number[]) => Assignment;

export const assignSticky: AssignPartitions = (members, partitions) => {
  const known = new Set(partitions);
  const holding = (member: GroupMemberView): number => member.owned.filter((partition) => known.has(partition)).length;
  // Who owns most has the first claim on the partitions that do not divide evenly.
  const ranked = [...members].sort((a, b) => holding(b) - holding(a) || (a.memberId < b.memberId ? -1 : 1));
  const assigned = new Map(ranked.map(({ memberId }) => [memberId, new Set<number>()]));
  const floor = members.length === 0 ? 0 : Math.floor(partitions.length / members.length);
  const room = new Map(
    ranked.map(({ memberId }, rank) => [memberId, floor + (rank < partitions.length - floor * members.length ? 1 : 0)]),
  );

  const give = (partition: number, candidates: readonly GroupMemberView[]): boolean => {
    const open = candidates.filter(({ memberId }) => (room.get(memberId) ?? 0) > 0);
    const [best] = [...open].sort((a, b) => nearness(b, partition) - nearness(a, partition) || byRoom(a, b));
    if (best === undefined) return false;
    assigned.get(best.memberId)?.add(partition);
    room.set(best.memberId, (room.get(best.memberId) ?? 0) - 1);
    return true;
  };
  const byRoom = (a: GroupMemberView, b: GroupMemberView): number =>
    (room.get(b.memberId) ?? 0) - (room.get(a.memberId) ?? 0) || ranked.indexOf(a) - ranked.indexOf(b);

  const ascending = [...known].sort((a, b) => a - b);
  const owners = (partition: number): GroupMemberView[] => ranked.filter(({ owned }) => owned.includes(partition));
  const left = ascending.filter((partition) => !give(partition, owners(partition)));
  const warm = (partition: number): GroupMemberView[] => ranked.filter(({ restored }) => restored.has(partition));
  const cold = left.filter((partition) => !give(partition, warm(partition)));
  for (const partition of cold) give(partition, ranked);
  return new Map([...assigned].map(([memberId, given]) => [memberId, [...given].sort((a, b) => a - b)]));
};

const nearness = ({ restored }: GroupMemberView, partition: number): number => restored.get(partition) ?? -1;
