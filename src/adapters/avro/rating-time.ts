/** The time of a rating: a number in the mapped unit, or ISO 8601 text. */
import { RejectedRecordError } from '../../errors.ts';
import type { TimeUnit } from './field-mapping.ts';
import { showValue } from './show-value.ts';

const dayMs = 86_400_000;
const iso8601 = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?)?$/i;

/** Milliseconds since 1970, or NaN. Text without an offset is UTC, so that it means the same on every machine. */
function parseIso8601(text: string): number {
  const [, date, time, offset] = iso8601.exec(text) ?? [];
  if (date === undefined) return NaN;
  return Date.parse(time === undefined ? date : `${date}T${time}${(offset ?? 'Z').toUpperCase()}`);
}

function toMs(value: unknown, unit: TimeUnit): number | undefined {
  if (typeof value === 'string') return parseIso8601(value);
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  return Number(value) * (unit === 'seconds' ? 1000 : 1);
}

function isoOf(ms: number): string {
  // Beyond +-8.64e15 ms a Date has no text.
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`;
}

/** Whole milliseconds since 1970. Refuses what is no time, lies before 1970, or more than a day after `nowMs`. */
export function checkRatedAt(value: unknown, unit: TimeUnit, nowMs: number, name: string): number {
  const ms = toMs(value, unit);
  if (ms !== undefined && ms >= 0 && ms <= nowMs + dayMs) return Math.round(ms) + 0;
  if (ms === undefined)
    throw new RejectedRecordError(
      'FRESHET_WRONG_TYPE',
      `${name} is ${showValue(value)}: a time is a number of ${unit} since 1970 or ISO 8601 text; send one of them`,
    );
  if (Number.isNaN(ms))
    throw new RejectedRecordError(
      'FRESHET_TIME_INVALID',
      `${name} is ${showValue(value)}, which is no ISO 8601 time; send e.g. "2026-01-31T12:00:00Z", or a number of ${unit} since 1970`,
    );
  if (ms < 0)
    throw new RejectedRecordError(
      'FRESHET_TIME_INVALID',
      `${name} is ${showValue(value)} (${isoOf(ms)}), before 1970: nobody rated then; fix the producer, or its unit (read as ${unit})`,
    );
  throw new RejectedRecordError(
    'FRESHET_TIME_INVALID',
    `${name} is ${showValue(value)} (${isoOf(ms)}), more than a day ahead of this machine's clock (${isoOf(nowMs)}); fix the producer's clock or unit (read as ${unit}), or this machine's clock`,
  );
}
