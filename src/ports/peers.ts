/** The other workers of a group, as far as reads are forwarded to them. Implementation: adapters/kafka. */

/**
 * Who answers for the users of a partition:
 * - `elsewhere`: the worker at this address, an http or https URL without a slash at the end;
 * - `moving`: nobody right now, or it is not known who, or this worker as soon as it has restored it;
 * - `hidden`: a worker that told nobody how to reach it.
 */
export type PartitionOwner =
  { readonly kind: 'elsewhere'; readonly address: string } | { readonly kind: 'moving' } | { readonly kind: 'hidden' };

export interface Peers {
  /** Answers from memory; the group is asked when that says nothing, and not more often than it makes sense. */
  ownerOf(partition: number): Promise<PartitionOwner>;
  /** The worker at the address did not answer for the partition: the next question goes to the group. */
  doubt(partition: number, address: string): void;
}
