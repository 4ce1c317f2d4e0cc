/**
 * Streams of other families, made up: 60,000 ratings each by 1,500 users of 1,000 items, with biases, five directions of taste and
 * noise. Their parameters were set once and are not fitted to anybody's results.
 */
import { seededRandom } from '../../dist/adapters/synthetic/seeded-random.js';

const counts = { ratings: 60_000, users: 1_500, items: 1_000, directions: 5 };
const usual = {
  /** Spreads, in parts of the scale's span. */
  userBias: 0.1,
  itemBias: 0.11,
  taste: 0.16,
  noise: 0.17,
  mean: 0.6,
  /** Who and what is chosen: uniform ** skew of the list. */
  userSkew: 1.5,
  itemSkew: 2,
  /** Ratings that a user gives one after the other. */
  session: 8,
  /** How far tastes and biases turn over the whole stream, in quarter circles. */
  turn: 0,
};

export const generatedStreams = [
  { name: 'drift: tastes and biases turn once', scale: [1, 5], step: 1, turn: 1 },
  { name: 'popularity: a tenth of the items has nine in ten ratings', scale: [0.5, 5], step: 0.5, itemSkew: 22 },
  {
    name: '-10..10, continuous, items of one kind',
    scale: [-10, 10],
    step: 0,
    userBias: 0.14,
    itemBias: 0.06,
    itemSkew: 1,
  },
  { name: '1..10 in halves, one rating at a time', scale: [1, 10], step: 0.5, session: 1 },
];

/** The table of a stream, in time order. */
export function generate(stream, seed) {
  const { ratings, users, items, directions } = counts;
  const world = { ...usual, ...stream };
  const { uniform, normal } = seededRandom(seed, 606);
  const draws = (n) => Float64Array.from({ length: n }, () => normal());
  const [userBias, laterUserBias, itemBias, laterItemBias] = [draws(users), draws(users), draws(items), draws(items)];
  const [taste, laterTaste, kind] = [draws(users * directions), draws(users * directions), draws(items * directions)];
  const [lo, hi] = stream.scale;
  const table = {
    users: Array.from({ length: users }, (_, u) => `u${u}`),
    items: Array.from({ length: items }, (_, i) => `i${i}`),
    userIndex: new Uint32Array(ratings),
    itemIndex: new Uint32Array(ratings),
    ratings: new Float64Array(ratings),
    ratedAtMs: new Float64Array(ratings),
  };
  const rated = new Set();
  let [user, left, seconds] = [0, 0, 1.6e9];
  for (let n = 0; n < ratings; n++) {
    if (left-- <= 0) {
      user = Math.floor(users * uniform() ** world.userSkew);
      left = Math.floor(2 * world.session * uniform());
    }
    let item = Math.floor(items * uniform() ** world.itemSkew);
    for (let tries = 0; tries < 20 && rated.has(user * items + item); tries++)
      item = Math.floor(items * uniform() ** (tries < 10 ? world.itemSkew : 1));
    rated.add(user * items + item);
    const angle = (Math.PI / 2) * world.turn * (n / ratings);
    const turned = (now, later) => Math.cos(angle) * now + Math.sin(angle) * later;
    let match = 0;
    for (let d = 0; d < directions; d++) {
      const at = user * directions + d;
      match += turned(taste[at], laterTaste[at]) * kind[item * directions + d];
    }
    const opinion =
      world.mean +
      world.userBias * turned(userBias[user], laterUserBias[user]) +
      world.itemBias * turned(itemBias[item], laterItemBias[item]) +
      (world.taste * match) / Math.sqrt(directions) +
      world.noise * normal();
    const exact = Math.min(1, Math.max(0, opinion)) * (hi - lo);
    seconds += left > 0 ? 10 + Math.floor(20 * uniform()) : 600;
    table.userIndex[n] = user;
    table.itemIndex[n] = item;
    table.ratings[n] = lo + (stream.step > 0 ? Math.round(exact / stream.step) * stream.step : exact);
    table.ratedAtMs[n] = 1000 * seconds;
  }
  return table;
}
