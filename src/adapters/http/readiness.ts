import type { Serving } from '../../ports/serving.ts';
import { HttpProblem } from './problem.ts';

/** Throws HttpProblem (503) while the worker restores or goes away. */
export function requireReady(serving: Pick<Serving, 'readiness'>): void {
  const readiness = serving.readiness();
  if (readiness.kind === 'ready') return;
  throw new HttpProblem(
    'FRESHET_NOT_READY',
    `the worker does not serve yet: ${readiness.reason}. Repeat the request later`,
  );
}
