/** Numbers and times as people read them. */

const counts = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const shortCounts = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const dateAndClock = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' });

export const none = '–';

/** @param {number | null | undefined} value */
const isThere = (value) => typeof value === 'number' && Number.isFinite(value);

/** @param {number | null | undefined} value */
export const count = (value) => (isThere(value) ? counts.format(/** @type {number} */ (value)) : none);

/**
 * Short from ten thousand on.
 * @param {number | null | undefined} value
 */
export function shortCount(value) {
  if (!isThere(value)) return none;
  return Number(value) < 10_000 ? counts.format(Number(value)) : shortCounts.format(Number(value));
}

/**
 * @param {number | null | undefined} value
 * @param {number} [digits]
 */
export const decimal = (value, digits = 2) => (isThere(value) ? Number(value).toFixed(digits) : none);

/**
 * With its sign, and a real minus.
 * @param {number} value
 * @param {number} [digits]
 */
export function signed(value, digits = 2) {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? '−' : '+'}${text}`;
}

/** @param {number | null | undefined} ratio */
export const percent = (ratio) => (isThere(ratio) ? `${(100 * Number(ratio)).toFixed(1)} %` : none);

/** @param {number} ms */
export const timeOfDay = (ms) => clock.format(ms);

/** @param {number} ms */
export const dateTime = (ms) => dateAndClock.format(ms);

/** @param {number | null | undefined} ms */
export function duration(ms) {
  if (!isThere(ms)) return none;
  const value = Number(ms);
  if (value < 1000) return `${Math.round(value)} ms`;
  if (value < 120_000) return `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} s`;
  if (value < 7_200_000) return `${Math.round(value / 60_000)} min`;
  if (value < 172_800_000) return `${Math.round(value / 3_600_000)} h`;
  return `${counts.format(Math.round(value / 86_400_000))} days`;
}

/** @param {number} value */
export function bytes(value) {
  if (value < 1000) return `${value} B`;
  if (value < 1_000_000) return `${(value / 1000).toFixed(1)} kB`;
  return `${(value / 1_000_000).toFixed(1)} MB`;
}
