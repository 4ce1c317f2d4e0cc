import { emptySlot, slotsPerBlock, type Slot } from '../../src/model/history.ts';
import type { Learner } from '../../src/model/learner.ts';

/** The four slots of a history block as they are stored; null for an empty one. */
export function historyBlock({ users }: Learner, userRow: number, blockNumber: number): (Slot | null)[] {
  return Array.from({ length: slotsPerBlock }, (_, i) => {
    const slot = emptySlot();
    return users.history.read(users.head(userRow), blockNumber * slotsPerBlock + i, slot) ? slot : null;
  });
}
