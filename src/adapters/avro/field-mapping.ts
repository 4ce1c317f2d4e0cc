/** Where a user's own record keeps what a rating needs, so that it becomes a rating without code. */

/** The six values of a rating as they were found, unchecked; undefined where nothing was found. */
export interface RatingFields {
  readonly userId: unknown;
  readonly itemId: unknown;
  readonly rating: unknown;
  readonly ratedAt: unknown;
  readonly eventId: unknown;
  readonly weight: unknown;
}

/** Unit of a time that is given as a number. */
export type TimeUnit = 'milliseconds' | 'seconds';

/** Dotted paths into the record, such as `customer.id`. Only what is named is read. */
export interface FieldMapping {
  readonly userId: string;
  readonly itemId: string;
  readonly rating: string;
  readonly ratedAt: string;
  /** Unit of `ratedAt` where it is a number; milliseconds when left out. ISO 8601 text needs none. */
  readonly ratedAtUnit?: TimeUnit;
  readonly eventId?: string;
  readonly weight?: string;
}

/** Freshet's own names, which hold when nothing is mapped. */
export const ownFields = {
  userId: 'userId',
  itemId: 'itemId',
  rating: 'rating',
  ratedAt: 'ratedAt',
  eventId: 'eventId',
  weight: 'weight',
} as const satisfies FieldMapping;

/** avsc wraps the value of an ambiguous union, such as ["int", "long"], into an object that can be unwrapped. */
function unwrap(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && 'unwrap' in value && typeof value.unwrap === 'function')
    return (value as { unwrap(): unknown }).unwrap();
  return value;
}

function valueAt(record: unknown, path: readonly string[]): unknown {
  let value = unwrap(record);
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = unwrap((value as Record<string, unknown>)[name]);
  }
  return value;
}

/** Picks what the mapping names out of a record; everything else in it is ignored. */
export function createFieldPicker(mapping: FieldMapping): (record: unknown) => RatingFields {
  const userId = mapping.userId.split('.');
  const itemId = mapping.itemId.split('.');
  const rating = mapping.rating.split('.');
  const ratedAt = mapping.ratedAt.split('.');
  const eventId = mapping.eventId?.split('.');
  const weight = mapping.weight?.split('.');
  return (record) => ({
    userId: valueAt(record, userId),
    itemId: valueAt(record, itemId),
    rating: valueAt(record, rating),
    ratedAt: valueAt(record, ratedAt),
    eventId: eventId && valueAt(record, eventId),
    weight: weight && valueAt(record, weight),
  });
}
