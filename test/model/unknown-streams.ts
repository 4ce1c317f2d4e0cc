/** Streams that nobody tuned for, of a few thousand ratings each, seeded. */
import { seededRandom, type SeededRandom } from '../../src/adapters/synthetic/seeded-random.ts';
import type { Scale } from '../../src/model/scale.ts';

export interface UnknownStream {
  readonly name: string;
  readonly scale: Scale;
  readonly ratings: readonly StreamRating[];
}

export interface StreamRating {
  readonly userId: string;
  readonly itemId: string;
  /** In the scale's units, inside it. */
  readonly rating: number;
  readonly seconds: number;
}

/** A rating from 0 to 1 of the scale, by the event's number, its user and its item. */
type Opinion = (event: number, user: number, item: number) => number;
type Choice = (event: number) => readonly [user: number, item: number];

const events = 3000;
const stars: Scale = { lo: 1, hi: 5 };

function stream(
  name: string,
  choose: Choice,
  opinion: Opinion,
  scale = stars,
  step = 0,
  pauseSeconds = 60,
): UnknownStream {
  const span = scale.hi - scale.lo;
  const ratings = Array.from({ length: events }, (_, event) => {
    const [user, item] = choose(event);
    const exact = Math.min(1, Math.max(0, opinion(event, user, item))) * span;
    const rating = scale.lo + (step > 0 ? Math.round(exact / step) * step : exact);
    return { userId: `u${user}`, itemId: `i${item}`, rating, seconds: 1.6e9 + event * pauseSeconds };
  });
  return { name, scale, ratings };
}

/** Opinions around .6 of the scale, with user and item biases and noise of .15. */
function plain({ normal }: SeededRandom): Opinion {
  const biases = Array.from({ length: 2 * events }, () => 0.1 * normal());
  return (_, user, item) => 0.6 + biases[user]! + biases[events + item]! + 0.15 * normal();
}

export function unknownStreams(seed: number): UnknownStream[] {
  const chance = seededRandom(seed, 99);
  const { uniform } = chance;
  const below = (n: number): number => Math.floor(n * uniform());
  const opinion = plain(chance);
  const anyone: Choice = () => [below(60), below(80)];
  const burst = events / 3;
  return [
    stream('scale 0.5..4 in halves', anyone, opinion, { lo: 0.5, hi: 4 }, 0.5),
    stream('scale 1..10 in ones', anyone, opinion, { lo: 1, hi: 10 }, 1),
    stream('scale -10..10, continuous', anyone, opinion, { lo: -10, hi: 10 }),
    stream('users arrive in one burst', (e) => [e < burst ? below(20) : e, below(50)], opinion, stars, 1, 0),
    stream('items arrive in one burst', (e) => [below(50), e < burst ? below(20) : e], opinion, stars, 1, 0),
    stream('nobody and nothing comes twice', (e) => [e, e], opinion, stars, 1),
    stream('one user', (e) => [0, e], opinion, stars, 1),
    stream('one user who changes ratings', () => [0, below(50)], opinion, stars, 1),
    stream('one item', (e) => [e, 0], opinion, stars, 1),
    stream('one item, ratings changed', () => [below(50), 0], opinion, stars, 1),
    stream(
      'one pair, rated again and again',
      () => [0, 0],
      () => 0.75,
    ),
    stream(
      'one pair, changed to and fro',
      () => [0, 0],
      (e) => e % 2,
    ),
    stream('noise of every size', anyone, uniform),
    stream('noise in ones, no biases', anyone, () => 0.6 + 0.3 * chance.normal(), stars, 1),
    ...[0, 0.3425, 0.5, 0.75, 1].map((value) => stream(`all equal ${1 + 4 * value}`, anyone, () => value)),
    stream('alternating', anyone, (e) => e % 2),
    stream('sixteen of one, sixteen of the other', anyone, (e) => Math.floor(e / 16) % 2),
    stream('level shifts every 500', anyone, (e, u, i) => opinion(e, u, i) + (e % 1000 < 500 ? -0.25 : 0.25)),
    stream('level flips from end to end', anyone, (e) => Math.floor(e / 250) % 2),
    stream('level shifts once', anyone, (e, u, i) => opinion(e, u, i) + (e < events / 2 ? -0.35 : 0.35)),
    stream('fifty ratings turn everything around', anyone, (e, u, i) => (e % 600 < 550 ? opinion(e, u, i) : e % 2)),
  ];
}
