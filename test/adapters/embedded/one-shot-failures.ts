import type { WriteHooks } from '../../../src/adapters/embedded/leases.ts';

export interface OneShotFailures {
  readonly hooks: WriteHooks;
  /** The next commit fails before it happens, or after it happened. */
  readonly failNextCommit: (when: 'before' | 'after') => void;
}

export function oneShotFailures(): OneShotFailures {
  let next: 'before' | 'after' | null = null;
  const fail =
    (when: 'before' | 'after') =>
    (kind: string): void => {
      if (kind !== 'commit' || next !== when) return;
      next = null;
      throw new Error(`made to fail ${when} it happened`);
    };
  return {
    hooks: { before: fail('before'), after: fail('after') },
    failNextCommit(when) {
      next = when;
    },
  };
}
