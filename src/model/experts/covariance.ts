/**
 * How alike two ratings of one user are expected to be, beyond mean and item biases: the prior of the posterior expert.
 *
 *   k(a, b) = level + position e^(-|n_a - n_b| / 15) + moment e^(-|t_a - t_b| / 30 s) + session e^(-|t_a - t_b| / 2 h)
 *           + c (.15 + .3 c),   c = s_a·s_b / (D sqrt((m_a + 5) (m_b + 5)))
 *
 * n: how many ratings the user had given before; t: time; s: sketches of the two items, D wide; m: their raters. The
 * first four terms are the user's level, which drifts; c estimates the share of raters that two items have in common
 * [Alon99 for the signs]. All variances are on the 1..5 scale. Tables instead of exponentials: a posterior asks a
 * thousand times.
 */
const level = 0.2;
const position = 0.08;
const positionScale = 15;
const moment = 0.08;
const momentSeconds = 30;
const session = 0.06;
const sessionSeconds = 7200;
const similarity = 0.15;
const similaritySquared = 0.3;
/** Raters of average worth that two items are short of being known. */
export const raterDamping = 5;

/** What one rating scatters around its user's opinion, and what an item bias that rests on n ratings adds. */
export const noiseVariance = 0.75;
const itemBiasVariance = 0.25;
export const biasVariance = (count: number): number => itemBiasVariance / (1 + (itemBiasVariance / 0.65) * count);

/** Of a rating by a user of whom nothing is known, similarity left out. */
export const priorVariance = level + position + moment + session;

const positions = Float64Array.from({ length: 1024 }, (_, n) => level + position * Math.exp(-n / positionScale));
const seconds = Float64Array.from({ length: 512 }, (_, t) => moment * Math.exp(-t / momentSeconds));
const sessionStep = 32;
const sessions = Float64Array.from({ length: 2048 }, (_, n) => session * Math.exp((-n * sessionStep) / sessionSeconds));

/** The level's part: ratings so many positions and seconds apart. */
export function levelCovariance(positionsApart: number, secondsApart: number): number {
  let sum = positionsApart < positions.length ? positions[positionsApart]! : level;
  if (secondsApart < sessions.length * sessionStep) {
    sum += sessions[Math.floor(secondsApart / sessionStep)]!;
    if (secondsApart < seconds.length) sum += seconds[secondsApart]!;
  }
  return sum;
}

/** The items' part, from the cosine of their raters; slightly negative cosines are chance and count for what they are. */
export const itemCovariance = (cosine: number): number =>
  cosine * (similarity + (cosine > 0 ? similaritySquared * cosine : 0));
