/** Longest piece of text from a record that a message repeats. */
const shownCharacters = 80;

/** A value of a record, short enough for a message. Never walks into objects: they may be of any size and depth. */
export function showValue(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string')
    return JSON.stringify(value.length > shownCharacters ? `${value.slice(0, shownCharacters)}…` : value);
  if (value === null) return 'null';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
}

/** The first bytes in hexadecimal. */
export function showBytes(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, shownCharacters / 2)).toString('hex');
  return bytes.length > shownCharacters / 2 ? `${start}…` : start;
}
