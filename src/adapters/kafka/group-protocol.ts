/** What members of the group tell each other: through kafkajs' assigner, and read back from the group's description. */
import { AssignerProtocol, type GroupDescription, type MemberDescription, type PartitionAssigner } from 'kafkajs';
import type { Offset } from '../../ports/transport.ts';
import type { AssignPartitions, GroupMemberView } from './assigner.ts';

/** A member as it presents itself at every join. */
export interface MemberCard {
  readonly owned: readonly number[];
  /** Changelog positions by partition. */
  readonly restored: Readonly<Record<number, Offset>>;
  /** Where its HTTP interface is reached by the other members; null when it has none. */
  readonly address: string | null;
}

/** All members must name the same protocol: raise it when the meaning of the card changes. */
const protocol = { name: 'freshet-sticky-1', version: 1 };

export function createAssigner(topic: string, card: () => MemberCard, assign: AssignPartitions): PartitionAssigner {
  return ({ cluster }) => ({
    ...protocol,
    protocol({ topics }) {
      const userData = Buffer.from(JSON.stringify(card()));
      return {
        name: protocol.name,
        metadata: AssignerProtocol.MemberMetadata.encode({ version: protocol.version, topics, userData }),
      };
    },
    assign({ members }) {
      const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
      const assignment = assign(members.map(viewOf), partitions);
      return Promise.resolve(
        members.map(({ memberId }) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: protocol.version,
            assignment: { [topic]: [...(assignment.get(memberId) ?? [])] },
            userData: Buffer.alloc(0),
          }),
        })),
      );
    },
  });
}

/** Who has which partition, and where: as far as the group is settled. */
export interface GroupView {
  /** False while the group is rebalancing: owners may change any moment. */
  readonly stable: boolean;
  readonly partitionsOf: ReadonlyMap<string, readonly number[]>;
  readonly addressOf: ReadonlyMap<number, string | null>;
}

export function viewGroup(topic: string, { members, state }: GroupDescription): GroupView {
  const partitionsOf = new Map<string, readonly number[]>();
  const addressOf = new Map<number, string | null>();
  for (const member of members) {
    const partitions = assignedTo(topic, member);
    partitionsOf.set(member.memberId, partitions);
    for (const partition of partitions) addressOf.set(partition, cardOf(member.memberMetadata).address);
  }
  return { stable: state === 'Stable', partitionsOf, addressOf };
}

/** Members as they would present themselves now: with what they were last given. */
export const membersOf = (topic: string, { members }: Pick<GroupDescription, 'members'>): GroupMemberView[] =>
  members.map((member) => ({ ...viewOf(member), owned: assignedTo(topic, member) }));

function assignedTo(topic: string, { memberAssignment }: Pick<MemberDescription, 'memberAssignment'>): number[] {
  if (memberAssignment.length === 0) return [];
  return AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment[topic] ?? [];
}

function viewOf({ memberId, memberMetadata }: { memberId: string; memberMetadata: Buffer }): GroupMemberView {
  const { owned, restored, address } = cardOf(memberMetadata);
  return {
    memberId,
    owned,
    address,
    restored: new Map(Object.entries(restored).map(([partition, offset]) => [Number(partition), offset])),
  };
}

/** A card that cannot be read is an empty one: the member gets its share, but keeps nothing. */
function cardOf(metadata: Buffer): MemberCard {
  const blank: MemberCard = { owned: [], restored: {}, address: null };
  try {
    const userData = AssignerProtocol.MemberMetadata.decode(metadata)?.userData;
    return userData === undefined ? blank : { ...blank, ...(JSON.parse(userData.toString()) as Partial<MemberCard>) };
  } catch {
    return blank;
  }
}
