/**
 * A world whose truth is known: an endless stream of ratings with structure to learn, and with each rating the best prediction
 * that anybody could have made.
 *
 *   opinion = μ + b_u + b_i(t) + s p_u(t)·q_i + σ ε,   ε ~ N(0, 1);   rating = opinion in half stars, 0.5 to 5
 *
 * b_i swings and p_u turns, slowly. The n-th event knows about U√(n/N) users and I√(n/N) items (Heaps' law): new ones keep
 * arriving, ever more rarely, and each one's first rating comes as it arrives. Popular items and active users are
 * chosen more often. The same seed gives the same stream, bit for bit.
 */
import { expectedHalfStars, toHalfStars } from './half-stars.ts';
import { population, type Entity, type Population } from './population.ts';
import { seededRandom } from './seeded-random.ts';

export interface World {
  readonly seed: number;
  /** So many users and items have arrived after so many events. */
  readonly events: number;
  readonly users: number;
  readonly items: number;
  /** k of the true factors. */
  readonly factors: number;
  /** Standard deviation of the noise, in stars: what nobody can predict. */
  readonly noise: number;
  /** Turns of taste and bias over `events` events; 0 stands still. */
  readonly drift: number;
}

export const defaultWorld: World = {
  seed: 1,
  events: 100_000,
  users: 2_000,
  items: 1_000,
  factors: 4,
  noise: 0.6,
  drift: 0.1,
};

export interface SyntheticRating {
  /** From 0, in order of arrival. */
  readonly user: number;
  readonly item: number;
  readonly rating: number;
  readonly ratedAtMs: number;
  /** Mean of the rating given all that is true: no prediction has a smaller squared error. */
  readonly expected: number;
}

const averageOpinion = 3.4;
const userBiasSpread = 0.4;
const itemBiasSpread = 0.45;
const itemSwing = 0.25;
/** Standard deviation of s p·q over pairs. */
const tasteSpread = 0.7;
const startMs = Date.UTC(2024, 0, 1);
const meanGapMs = 60_000;

/** Never ends. Memory grows with the users and items that have arrived, not with the events. */
export function* ratingStream(world: World): Generator<SyntheticRating, never> {
  const { uniform, normal } = seededRandom(world.seed, 0);
  const users = population(world.seed, 1, world.factors, userBiasSpread, 1.5);
  const items = population(world.seed, 2, world.factors, itemBiasSpread, 1.2);
  const rated = ratedPairs();
  let ratedAtMs = startMs;

  for (let event = 0; ; event += 1) {
    const progress = (event + 1) / world.events;
    const user = arriveOrChoose(users, world.users, progress, uniform);
    const itemsBefore = items.size;
    let item = arriveOrChoose(items, world.items, progress, uniform);
    const isChosen = item < itemsBefore;
    for (let tries = 0; isChosen && rated.has(user, item) && tries < 20; tries += 1) item = items.choose(uniform());
    rated.add(user, item);
    const mean = meanOpinion(users.get(user), items.get(item), world.drift * progress, world.factors);
    ratedAtMs += Math.ceil(-Math.log(1 - uniform()) * meanGapMs);
    yield {
      user,
      item,
      rating: toHalfStars(mean + world.noise * normal()),
      ratedAtMs,
      expected: expectedHalfStars(mean, world.noise),
    };
  }
}

function arriveOrChoose(all: Population, sizeAtEnd: number, progress: number, uniform: () => number): number {
  if (all.size < sizeAtEnd * Math.sqrt(progress)) {
    all.grow();
    return all.size - 1;
  }
  return all.choose(uniform());
}

/** `turns` counts full circles since the start. */
function meanOpinion(user: Entity, item: Entity, turns: number, factors: number): number {
  const stay = Math.cos(2 * Math.PI * turns);
  const leave = Math.sin(2 * Math.PI * turns);
  let match = 0;
  for (let factor = 0; factor < factors; factor += 1) {
    match += (stay * (user.taste[factor] ?? 0) + leave * (user.laterTaste[factor] ?? 0)) * (item.taste[factor] ?? 0);
  }
  const swing = itemSwing * Math.sin(2 * Math.PI * (turns + item.phase));
  return averageOpinion + user.bias + item.bias + swing + tasteSpread * Math.sqrt(factors) * match;
}

/**
 * Which pairs were rated, in 2 MiB whatever happens: one bit a pair by its hash. Pairs that share a bit are taken for rated
 * too soon, and in very long streams a pair may come again; neither changes what is expected.
 */
function ratedPairs() {
  const bits = new Uint32Array(2 ** 19);
  const place = (user: number, item: number): number =>
    (Math.imul(user, 0x9e3779b1) ^ Math.imul(item, 0x85ebca6b)) >>> 8;
  return {
    has: (user: number, item: number): boolean => {
      const at = place(user, item);
      return (((bits[at >>> 5] ?? 0) >>> (at & 31)) & 1) === 1;
    },
    add(user: number, item: number) {
      const at = place(user, item);
      bits[at >>> 5] = (bits[at >>> 5] ?? 0) | (1 << (at & 31));
    },
  };
}
