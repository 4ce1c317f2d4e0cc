/** The wire contract: the .avsc files that ship in schemas/ beside src/ and dist/ alike. */
import { readFileSync } from 'node:fs';

export const schemaNames = [
  'rating-event',
  'prediction-event',
  'user-row',
  'user-history-block',
  'item-contribution',
  'dead-letter',
  'forget-receipt',
  'recommendations',
  'prediction-request',
  'prediction-answer',
] as const;
export type SchemaName = (typeof schemaNames)[number];

/** Full name by which a record is known as Freshet's own rating event, whatever its version. */
export const ratingEventName = 'dev.freshet.v1.RatingEvent';

/** The present version of one schema, as parsed JSON. */
export function loadSchema(name: SchemaName): object {
  return JSON.parse(readFileSync(new URL(`../../../schemas/${name}.avsc`, import.meta.url), 'utf8')) as object;
}
