/**
 * Whether a system that never stopped learning is where training from scratch on the same ratings would be: both are asked
 * for the best items of some users, then about the ratings that came next, one after the other. After each both are told of it,
 * and make of it what they do when they serve: the one learns, the other knows its users by what they rated since.
 */
import { Blocks, boundOnce } from '../model/confidence.ts';
import { clipInner, unitsPerInner, type Scale } from '../model/scale.ts';
import { chance } from './chance.ts';
import { topAgreement, topOf } from './top-lists.ts';
import type { RatingsWindow } from './window.ts';

/** What answers, by the numbers of a window. */
export interface AskedSystem {
  /** Names, the published prediction last. */
  readonly experts: readonly string[];
  /** By expert, on the inner scale, for the n-th user and item of the window; overwritten by the next call. */
  answer(user: number, item: number, seconds: number): Float64Array;
  /** A rating that came since, on the inner scale. */
  tell(user: number, item: number, rating: number, seconds: number): void;
}

export interface ExpertAgreement {
  /** Root mean square of the differences of their answers, in the user's scale. */
  readonly apartRmse: number;
  /** Mean over users of the agreement of the two lists of their best items (top-lists.ts); null where all items are equal. */
  readonly rankCorrelation: number | null;
  /** How many of the best items are in both lists, on average. */
  readonly inBothLists: number | null;
  /** Errors on the ratings that came next, in the user's scale. */
  readonly onlineRmse: number;
  readonly scratchRmse: number;
  /** Of continuous learning beside training from scratch, by the differences of their squared errors; `alike`: not for sure. */
  readonly verdict: 'better' | 'alike' | 'worse';
}

export interface Agreement {
  /** Ratings that both have learned, the last one of each pair; and ratings that came next, which neither has. */
  readonly seen: number;
  readonly next: number;
  /** Length of the lists, and the users whose lists were made. */
  readonly topItems: number;
  readonly topUsers: number;
  readonly experts: Readonly<Record<string, ExpertAgreement>>;
  /** Its published prediction is surely worse than that of training from scratch, and by more than a hundredth. */
  readonly hasDrifted: boolean;
}

const topItems = 10;
const mostUsers = 50;
/** Those most rated, where there are more. */
const mostItems = 2000;
const deviations = 2.5;
const mayBeWorseRatio = 0.01;

/** Both systems have the same experts; `seen` and `next` the same ids. */
export function agreementOf(
  online: AskedSystem,
  scratch: AskedSystem,
  { seen, next, scale, seed }: { seen: RatingsWindow; next: RatingsWindow; scale: Scale; seed: number },
): Agreement {
  const { experts } = online;
  const units = unitsPerInner(scale);
  const lists = compareLists(online, scratch, seen, seed);
  const sums = experts.map(() => ({ apart: 0, online: 0, scratch: 0, gain: new Blocks() }));
  for (let n = 0; n < next.ratings.length; n++) {
    const [user, item, rating, seconds] = [next.users[n]!, next.items[n]!, next.ratings[n]!, next.seconds[n]!];
    const ofOnline = online.answer(user, item, seconds);
    const ofScratch = scratch.answer(user, item, seconds);
    for (const [e, sum] of sums.entries()) {
      const [a, b] = [clipInner(ofOnline[e]!), clipInner(ofScratch[e]!)];
      const [errorOfA, errorOfB] = [(a - rating) ** 2, (b - rating) ** 2];
      sum.apart += (a - b) ** 2;
      sum.online += errorOfA;
      sum.scratch += errorOfB;
      sum.gain.add(errorOfB - errorOfA);
    }
    for (const system of [online, scratch]) system.tell(user, item, rating, seconds);
  }
  const rmse = (squares: number): number => units * Math.sqrt(squares / next.ratings.length);
  const rows = sums.map(({ apart, online, scratch, gain }, e): ExpertAgreement => {
    const { low, high } = boundOnce(gain, deviations);
    return {
      apartRmse: rmse(apart),
      ...lists.of(e),
      onlineRmse: rmse(online),
      scratchRmse: rmse(scratch),
      verdict: low > 0 ? 'better' : high < 0 ? 'worse' : 'alike',
    };
  });
  const published = rows.at(-1)!;
  return {
    seen: seen.ratings.length,
    next: next.ratings.length,
    topItems,
    topUsers: lists.users,
    experts: Object.fromEntries(experts.map((name, e) => [name, rows[e]!])),
    hasDrifted: published.verdict === 'worse' && published.onlineRmse > (1 + mayBeWorseRatio) * published.scratchRmse,
  };
}

/** The best items that a user has not rated, for some users drawn by the seed. */
function compareLists(online: AskedSystem, scratch: AskedSystem, seen: RatingsWindow, seed: number) {
  const users = Int32Array.from(new Set(seen.users));
  chance(seed, 4).shuffle(users);
  const chosen = users.subarray(0, mostUsers);
  const candidates = mostRated(seen);
  const rated = new Set<number>();
  seen.users.forEach((user, n) => rated.add(user * seen.itemIds.length + seen.items[n]!));
  const seconds = seen.seconds.at(-1) ?? 0;
  const sums = online.experts.map(() => ({ users: 0, correlation: 0, inBoth: 0 }));
  for (const user of chosen) {
    const items = candidates.filter((item) => !rated.has(user * seen.itemIds.length + item));
    const [first, second] = [online, scratch].map((system) => answersOf(system, user, items, seconds));
    for (const [e, sum] of sums.entries()) {
      if (items.length === 0 || isFlat(first![e]!) || isFlat(second![e]!)) continue;
      const [a, b] = [topOf(items, first![e]!, topItems), topOf(items, second![e]!, topItems)];
      sum.users++;
      sum.correlation += topAgreement(a, b);
      sum.inBoth += a.filter((item) => b.includes(item)).length;
    }
  }
  return {
    users: chosen.length,
    of(expert: number): Pick<ExpertAgreement, 'rankCorrelation' | 'inBothLists'> {
      const { users, correlation, inBoth } = sums[expert]!;
      if (users === 0) return { rankCorrelation: null, inBothLists: null };
      return { rankCorrelation: correlation / users, inBothLists: inBoth / users };
    },
  };
}

/** [expert][item], not clipped: at the end of the scale there is an order, too. */
function answersOf(system: AskedSystem, user: number, items: Int32Array, seconds: number): Float64Array[] {
  const answers = system.experts.map(() => new Float64Array(items.length));
  items.forEach((item, n) => system.answer(user, item, seconds).forEach((answer, e) => (answers[e]![n] = answer)));
  return answers;
}

const isFlat = (values: Float64Array): boolean => values.every((value) => value === values[0]);

function mostRated({ items, itemIds }: RatingsWindow): Int32Array {
  const counts = new Uint32Array(itemIds.length);
  for (const item of items) counts[item] = counts[item]! + 1;
  const order = Int32Array.from(counts.keys()).filter((item) => counts[item]! > 0);
  return order.sort((a, b) => counts[b]! - counts[a]! || a - b).slice(0, mostItems);
}
