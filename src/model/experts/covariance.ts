/**
 * How alike two ratings of one user are expected to be, beyond mean and item biases: the prior of the posterior expert.
 *
 *   k(a, b) = level + position e^(-Σ n / 15) + moment e^(-Σ t / 30 s) + session e^(-Σ t / 2 h) + c (.15 + .3 max(c, 0)),
 *   c = s_a·s_b / (D sqrt((m_a + 5) (m_b + 5)))
 *
 * Σ n, Σ t: positions and seconds between neighbours, summed over the ratings from a to b that are looked at; s: sketches of the
 * two items, D wide; m: their raters. The first four terms are the user's level, which drifts; c estimates the share of raters that
 * two items have in common [Alon99 for the signs]. All variances are on the 1..5 scale.
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

/** As `Kernel.covariances` takes it. */
export const prior: readonly number[] = [
  ...[level, position, moment, session, similarity, similaritySquared],
  ...[-1 / positionScale, -1 / momentSeconds, -1 / sessionSeconds],
];

/** The items' part, from the cosine of their raters; slightly negative cosines are chance and count for what they are. */
export const itemCovariance = (cosine: number): number =>
  cosine * (similarity + (cosine > 0 ? similaritySquared * cosine : 0));
