/** Rows of a file become a table: ids are interned, ratings and times checked, and everything is put in time order. */
import type { RatingsTable, TableScale } from '../../ports/ratings-table.ts';
import { growing } from './growing.ts';
import type { RowSink } from './line-parser.ts';
import { parseTimeMs } from './rating-time.ts';

export interface BadLine {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

export interface TableBuilder extends RowSink {
  readonly badLineCount: number;
  /** The first few. */
  readonly badLines: readonly BadLine[];
  /** Whether the file has times; without, the n-th rating happens n seconds after 1970 began. */
  timed(): boolean;
  /** Null while there is no usable row. */
  table(): RatingsTable | null;
}

const badLinesShown = 5;
const longestIdBytes = 256;

export function tableBuilder(scale: { readonly lo: number; readonly hi: number } | undefined): TableBuilder {
  const users = interner();
  const items = interner();
  const columns = { user: growing(), item: growing(), rating: growing(), timeMs: growing() };
  const badLines: BadLine[] = [];
  let badLineCount = 0;
  /** Decided by the first usable row. */
  let hasTimes: boolean | undefined;

  const bad = (line: number, reason: string): void => {
    badLineCount += 1;
    if (badLines.length < badLinesShown) badLines.push({ line, reason });
  };

  /** Why the row cannot be used, or null when it was. */
  const add = (user: unknown, item: unknown, writtenRating: unknown, writtenTime: unknown): string | null => {
    const rating = toNumber(writtenRating);
    if (!Number.isFinite(rating)) return `rating ${show(writtenRating)} is not a finite number`;
    if (scale !== undefined && (rating < scale.lo || rating > scale.hi)) {
      return `rating ${rating} is outside the scale ${scale.lo}..${scale.hi}`;
    }
    const isTimed = hasTimes ?? writtenTime !== undefined;
    const timeMs = isTimed ? parseTimeMs(writtenTime) : columns.rating.length * 1000;
    if (Number.isNaN(timeMs)) return `time ${show(writtenTime)} is not one from 1970 on`;
    const userId = toId(user);
    if (userId === null) return `user ${show(user)} is not an id of 1 to ${longestIdBytes} bytes`;
    const itemId = toId(item);
    if (itemId === null) return `item ${show(item)} is not an id of 1 to ${longestIdBytes} bytes`;
    hasTimes = isTimed;
    columns.user.push(users.index(userId));
    columns.item.push(items.index(itemId));
    columns.rating.push(rating);
    columns.timeMs.push(timeMs);
    return null;
  };

  return {
    badLines,
    get badLineCount() {
      return badLineCount;
    },
    timed: () => hasTimes === true,
    bad,
    row(line, user, item, writtenRating, writtenTime) {
      const reason = add(user, item, writtenRating, writtenTime);
      if (reason !== null) bad(line, reason);
    },
    table() {
      if (columns.rating.length === 0) return null;
      const timesMs = columns.timeMs.values();
      const order = timeOrder(timesMs);
      const ratings = inOrder(columns.rating.values(), order);
      return {
        users: users.ids,
        items: items.ids,
        userIndex: Uint32Array.from(inOrder(columns.user.values(), order)),
        itemIndex: Uint32Array.from(inOrder(columns.item.values(), order)),
        ratings,
        ratedAtMs: inOrder(timesMs, order),
        scale: scale === undefined ? detectScale(ratings) : { lo: scale.lo, hi: scale.hi, detected: false },
      };
    },
  };
}

/** Ratings that are all equal say nothing about their scale: one to either side makes it one. */
function detectScale(ratings: Float64Array): TableScale {
  let lo = Infinity;
  let hi = -Infinity;
  for (const rating of ratings) {
    if (rating < lo) lo = rating;
    if (rating > hi) hi = rating;
  }
  return lo < hi ? { lo, hi, detected: true } : { lo: lo - 1, hi: hi + 1, detected: true };
}

/** Null when the times ascend already. Ties stay in file order. */
function timeOrder(timesMs: Float64Array): Uint32Array | null {
  if (timesMs.every((timeMs, index) => index === 0 || timeMs >= (timesMs[index - 1] ?? 0))) return null;
  return Uint32Array.from(timesMs.keys()).sort((a, b) => (timesMs[a] ?? 0) - (timesMs[b] ?? 0) || a - b);
}

const inOrder = (values: Float64Array, order: Uint32Array | null): Float64Array =>
  order === null ? values : Float64Array.from(order, (index) => values[index] ?? 0);

function interner() {
  const ids: string[] = [];
  const indexes = new Map<string, number>();
  return {
    ids,
    index(id: string): number {
      const known = indexes.get(id);
      if (known !== undefined) return known;
      // A piece of a line keeps the whole chunk of the file alive; a copy does not.
      const copy = Buffer.from(id).toString();
      indexes.set(copy, ids.length);
      return ids.push(copy) - 1;
    },
  };
}

/** Whole numbers are ids too, in digits; beyond 2^53 they have lost digits already. */
function toId(written: unknown): string | null {
  if (typeof written === 'number') return Number.isSafeInteger(written) ? String(written) : null;
  if (typeof written !== 'string') return null;
  const id = written.trim();
  return id !== '' && Buffer.byteLength(id) <= longestIdBytes ? id : null;
}

function toNumber(written: unknown): number {
  if (typeof written === 'number') return written;
  return typeof written === 'string' && written.trim() !== '' ? Number(written) : Number.NaN;
}

const show = (written: unknown): string =>
  written === undefined ? 'that is missing' : JSON.stringify(written).slice(0, 60);
