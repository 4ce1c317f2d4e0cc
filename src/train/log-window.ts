/**
 * The window of the ratings log that networks are trained on: the latest ratings of every partition, as the log has them
 * now. Of the ratings of a pair the last one counts; withdrawn ratings and forgotten users are gone.
 */
import { RejectedRecordError } from '../errors.ts';
import { toInner, type Scale } from '../model/scale.ts';
import type { RatingDecoder } from '../ports/codec.ts';
import type { LoggedRatings } from '../ports/logged-ratings.ts';
import type { InputRecord, Offset } from '../ports/transport.ts';
import { lastOfEachPair, partOf, type RatingsWindow } from './window.ts';

export interface WindowLimits {
  /** The most ratings, and records read to find them. */
  readonly ratings: number;
  /** Older than so many days before the latest one are left out; Infinity leaves none out. */
  readonly days: number;
}

export interface LogWindow {
  readonly window: RatingsWindow;
  /** By partition: the first offset that is not in the window. */
  readonly offsets: Readonly<Record<string, Offset>>;
  /** Records that are no ratings, and were left out as the stream leaves them out. */
  readonly refused: number;
}

const daySeconds = 86_400;

export async function readLogWindow(
  log: LoggedRatings,
  codec: Pick<RatingDecoder, 'decodeRating' | 'decodeUserKey'>,
  scale: Scale,
  limits: WindowLimits,
  onProgress: (records: number, doneRatio: number) => void = () => undefined,
): Promise<LogWindow> {
  const bounds = await Promise.all(Array.from({ length: log.partitionCount }, (_, partition) => log.bounds(partition)));
  const total = bounds.reduce((sum, { start, end }) => sum + end - start, 0);
  const share = Math.min(1, limits.ratings / Math.max(1, total));
  const columns = new Columns();
  let read = 0;
  let refused = 0;
  for (const [partition, { start, end }] of bounds.entries()) {
    const from = end - Math.ceil((end - start) * share);
    await log.read(partition, from, end, (records) => {
      for (const record of records) if (!take(columns, codec, scale, record)) refused++;
      read += records.length;
      onProgress(read, Math.min(1, read / Math.max(1, total * share)));
    });
  }
  return {
    window: latestOf(columns.window(), limits),
    offsets: Object.fromEntries(bounds.map(({ end }, partition) => [String(partition), end])),
    refused,
  };
}

/** False when the record is none. */
function take(
  columns: Columns,
  codec: Pick<RatingDecoder, 'decodeRating' | 'decodeUserKey'>,
  scale: Scale,
  { key, value }: InputRecord,
): boolean {
  try {
    if (value === null) columns.forget(codec.decodeUserKey(key ?? new Uint8Array(0)));
    else {
      const { userId, itemId, rating, ratedAtMs } = codec.decodeRating(value);
      columns.add(userId, itemId, rating === null ? Number.NaN : toInner(scale, rating), Math.floor(ratedAtMs / 1000));
    }
    return true;
  } catch (error) {
    if (error instanceof RejectedRecordError) return false;
    throw error;
  }
}

/** Records in the order of the log; a withdrawal is a rating that is no number. */
class Columns {
  readonly #users = new Numbering();
  readonly #items = new Numbering();
  readonly #user: number[] = [];
  readonly #item: number[] = [];
  readonly #rating: number[] = [];
  readonly #seconds: number[] = [];
  /** By user: what comes before is forgotten. */
  readonly #from: number[] = [];

  add(userId: string, itemId: string, rating: number, seconds: number): void {
    this.#user.push(this.#users.of(userId));
    this.#item.push(this.#items.of(itemId));
    this.#rating.push(rating);
    this.#seconds.push(seconds);
  }

  forget(userId: string): void {
    this.#from[this.#users.of(userId)] = this.#user.length;
  }

  /** In time order, as the log's order for ratings of the same second; of every id that is left. */
  window(): RatingsWindow {
    const all: RatingsWindow = {
      users: Int32Array.from(this.#user),
      items: Int32Array.from(this.#item),
      ratings: Float32Array.from(this.#rating),
      seconds: Uint32Array.from(this.#seconds),
      userIds: this.#users.ids,
      itemIds: this.#items.ids,
    };
    const remembered: number[] = [];
    for (let at = 0; at < all.users.length; at++) if (at >= (this.#from[all.users[at]!] ?? 0)) remembered.push(at);
    const last = lastOfEachPair(partOf(all, remembered));
    const places = Array.from(last.ratings.keys()).filter((at) => !Number.isNaN(last.ratings[at]!));
    return partOf(
      last,
      places.sort((a, b) => last.seconds[a]! - last.seconds[b]! || a - b),
    );
  }
}

function latestOf(window: RatingsWindow, { ratings, days }: WindowLimits): RatingsWindow {
  const { length } = window.ratings;
  const oldest = (window.seconds[length - 1] ?? 0) - days * daySeconds;
  const places = Array.from(window.ratings.keys()).slice(Math.max(0, length - ratings));
  return renumbered(
    partOf(
      window,
      places.filter((at) => window.seconds[at]! >= oldest),
    ),
  );
}

/** Without the ids of which nothing is left: a forgotten user is in no artifact, not by name either. */
function renumbered(window: RatingsWindow): RatingsWindow {
  const users = new Numbering();
  const items = new Numbering();
  return {
    ...window,
    users: window.users.map((user) => users.of(window.userIds[user]!)),
    items: window.items.map((item) => items.of(window.itemIds[item]!)),
    userIds: users.ids,
    itemIds: items.ids,
  };
}

class Numbering {
  readonly ids: string[] = [];
  readonly #numbers = new Map<string, number>();

  of(id: string): number {
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    this.#numbers.set(id, this.ids.length);
    return this.ids.push(id) - 1;
  }
}
