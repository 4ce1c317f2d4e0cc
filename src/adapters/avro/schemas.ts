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

/** What it was before its latest fields: a new one goes to the end (docs/schemas.md). */
export function formerSchema(name: SchemaName, latestFields: number): object {
  const present = loadSchema(name) as { readonly fields: readonly object[] };
  return { ...present, fields: present.fields.slice(0, -latestFields) };
}
