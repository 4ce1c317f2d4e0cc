import type { Serving } from '../../ports/serving.ts';
import { HttpProblem } from './problem.ts';

/** Throws HttpProblem (503) while not everything that belongs here is here. */
export function requireReady(serving: Pick<Serving, 'readiness'>): void {
  const readiness = serving.readiness();
  if (readiness.kind === 'ready') return;
  throw new HttpProblem(
    'FRESHET_NOT_READY',
    `the worker does not serve yet: ${readiness.reason}. Repeat the request later`,
  );
}

/** Throws HttpProblem (503) while the worker does not take requests. */
export type Opening = () => void;

/**
 * Opens when the worker is ready for the first time, and stays open: when partitions come and go later on, the worker still
 * answers for those that it has.
 */
export function createOpening(serving: Pick<Serving, 'readiness'>): Opening {
  let isOpen = false;
  return () => {
    if (isOpen) return;
    requireReady(serving);
    isOpen = true;
  };
}
