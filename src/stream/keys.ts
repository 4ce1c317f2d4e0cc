/**
 * Keys of a task's stored state and of its item contributions. The first character tells the kind, so that ids can be
 * anything.
 */
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

/** The item id of a contribution key; null for the shared sums. */
export const itemIdOf = (key: string): string | null => (key.startsWith('i/') ? key.slice(2) : null);
