import { HttpProblem } from './problem.ts';

/** The parameter `count` of a query. Throws HttpProblem when it is not a whole number from 1 to the most. */
export function countOf(count: unknown, bounds: { readonly default: number; readonly max: number }): number {
  if (count === undefined) return bounds.default;
  const number = typeof count === 'string' && /^\d{1,3}$/.test(count) ? Number(count) : 0;
  if (number >= 1 && number <= bounds.max) return number;
  throw new HttpProblem(
    'FRESHET_BAD_REQUEST',
    `count is not a whole number from 1 to ${bounds.max}; leave it out for ${bounds.default}`,
  );
}
