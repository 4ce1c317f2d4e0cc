/**
 * Keys of a task's stored state and of its item contributions. The first character tells the kind, so that ids can be
 * anything.
 */
import { CorruptStateError } from '../errors.ts';

export const userKey = (userId: string): string => `u/${userId}`;
/** The user's recommendations are to be published. */
export const recommendationKey = (userId: string): string => `r/${userId}`;
export const historyKey = (userId: string, blockNumber: number): string => `h/${blockNumber}/${userId}`;
export const eventIdsKey = (firstSequence: number): string => `e/${firstSequence}`;
/** Learner state, score and counters of the task. */
export const taskKey = 't/task';
/** What the stored numbers depend on (stored-settings.ts). */
export const settingsKey = 't/settings';

export const itemKey = (itemId: string): string => `i/${itemId}`;
/** The sketch of the task's contribution to an item, whose numbers are under `itemKey`. */
export const sketchKey = (itemId: string): string => `c/${itemId}`;
/** This task's share of the shared sums, beside its contributions to items. */
export const sumsKey = 's/sums';

export type StateKey =
  | { readonly kind: 'user'; readonly userId: string }
  | { readonly kind: 'history'; readonly userId: string; readonly blockNumber: number }
  | { readonly kind: 'recommendation'; readonly userId: string }
  | { readonly kind: 'event-ids' }
  | { readonly kind: 'task' }
  | { readonly kind: 'settings' }
  | { readonly kind: 'unknown' };

export function parseStateKey(key: string): StateKey {
  const rest = key.slice(2);
  switch (key.slice(0, 2)) {
    case 'u/':
      return { kind: 'user', userId: rest };
    case 'h/': {
      const slash = rest.indexOf('/');
      return { kind: 'history', blockNumber: Number(rest.slice(0, slash)), userId: rest.slice(slash + 1) };
    }
    case 'r/':
      return { kind: 'recommendation', userId: rest };
    case 'e/':
      return { kind: 'event-ids' };
    case 't/':
      return { kind: key === settingsKey ? 'settings' : 'task' };
    default:
      return { kind: 'unknown' };
  }
}

export type ItemsKey =
  | { readonly kind: 'numbers' | 'sketch'; readonly itemId: string }
  | { readonly kind: 'sums' }
  | { readonly kind: 'unknown' };

/** Of what is kept of items, and of the shared sums beside them. */
export function parseItemsKey(key: string): ItemsKey {
  if (key === sumsKey) return { kind: 'sums' };
  switch (key.slice(0, 2)) {
    case 'i/':
      return { kind: 'numbers', itemId: key.slice(2) };
    case 'c/':
      return { kind: 'sketch', itemId: key.slice(2) };
    default:
      return { kind: 'unknown' };
  }
}

export const unknownKey = (partition: number, key: string): CorruptStateError =>
  new CorruptStateError(
    `The state of partition ${partition} holds a key "${key.slice(0, 80)}" that this version does not know. ` +
      'Use the version that wrote it, or rebuild the state from the ratings.',
    { partition },
  );
