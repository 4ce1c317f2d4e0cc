/** A rating's time as files write it: seconds or milliseconds since 1970, or ISO 8601 (UTC when it names no zone). */

/** Above this, a number cannot be seconds (the year 5138); as milliseconds it is 1973. */
const smallestMs = 1e11;
/** The last moment that a Date can hold. */
const largestMs = 8.64e15;

const iso = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** Milliseconds since 1970, or NaN for what is no time from 1970 on. */
export function parseTimeMs(written: unknown): number {
  const text = typeof written === 'number' ? '' : typeof written === 'string' ? written.trim() : null;
  if (text === null) return Number.NaN;
  const number = typeof written === 'number' ? written : text === '' ? Number.NaN : Number(text);
  const ms = Number.isNaN(number) ? parseIsoMs(text) : number > smallestMs ? number : number * 1000;
  return ms >= 0 && ms <= largestMs ? ms : Number.NaN;
}

function parseIsoMs(text: string): number {
  const match = iso.exec(text);
  if (match === null) return Number.NaN;
  const [, date = '', time = '00:00', zone = 'Z'] = match;
  return Date.parse(`${date}T${time}${zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2').toUpperCase()}`);
}
