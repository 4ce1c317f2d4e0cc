/**
 * Which network serves. Three judgements, each about the differences of squared errors of two answers to the same ratings,
 * positive where the first one named is better:
 *
 * 1. `gate`: once, on the held-out tail of the window. A candidate passes when it is surely better than what serves; where
 *    nothing serves, when it is not surely worse than the biases of the window.
 * 2. `candidateVerdict`: again and again, on live ratings, while the candidate predicts and does not serve.
 * 3. `formerVerdict`: again and again, on live ratings, after it serves: what served before predicts on, and comes back as
 *    soon as it is surely better.
 *
 * Errors are on the inner 1..5 scale.
 */
import { blockLength, boundAtAnyTime, boundOnce, type BlockSums } from './confidence.ts';

export const promotionRule = {
  /** How far above zero the gate wants the mean difference: about one wrong candidate in a hundred. */
  gateDeviations: 2.5,
  /** And of the error of what serves, at least. */
  gateMargin: 0.001,
  /** Chance that a live judgement between two equally good versions ever decides for one of them. */
  liveRisk: 0.01,
  /** Most live ratings a candidate is tried on; one that is not surely better by then is not worth a change. */
  candidateRatings: 20_000,
  /** Live ratings on which a version has to do without regression before the former one is let go. */
  formerRatings: 20_000,
  /** Live ratings where nothing serves yet: nobody has to be beaten, but it must be seen to work. */
  firstRatings: 500,
  /** Largest difference between what trained and what serves, on the same pairs. */
  parityMost: 1e-4,
  sizeMostBytes: 512 * 1024 * 1024,
} as const;
export type PromotionRule = { readonly [K in keyof typeof promotionRule]: number };

/** A candidate as its trainer measured it on the held-out tail. */
export interface Measured {
  /** Of squared errors: those of what serves, or of the biases, less the candidate's. */
  readonly differences: BlockSums;
  /** Mean squared error of what serves, or of the biases. */
  readonly againstSquared: number;
  readonly servesAlready: boolean;
  readonly isFinite: boolean;
  /** Largest difference between training and serving; null when the trainer has no other answer to compare with. */
  readonly parity: number | null;
  readonly sizeBytes: number;
}

export interface GateVerdict {
  readonly passes: boolean;
  /** False when it cannot serve at all, whatever anybody wants. */
  readonly isSound: boolean;
  readonly reason: string;
}

export function gate(measured: Measured, rule: PromotionRule = promotionRule): GateVerdict {
  const { differences, againstSquared, servesAlready, parity, sizeBytes } = measured;
  if (!measured.isFinite) return unsound('it answers with what is no finite number');
  if (sizeBytes > rule.sizeMostBytes)
    return unsound(`its artifact has ${sizeBytes} bytes, and the most is ${rule.sizeMostBytes}`);
  if (parity !== null && !(parity <= rule.parityMost)) {
    return unsound(`it serves other answers than it was trained to give: ${shown(parity)} apart`);
  }
  const { mean, low, high } = boundOnce(differences, rule.gateDeviations);
  const bound = `${shown(mean)} in squared error on the held-out tail, between ${shown(low)} and ${shown(high)}`;
  if (!Number.isFinite(low))
    return refused(`the held-out tail is too short to judge it (${countOf(differences)} ratings)`);
  if (!servesAlready) {
    return high > 0
      ? { passes: true, isSound: true, reason: `nothing serves yet, and it is not worse than the biases: ${bound}` }
      : refused(`it is worse than the biases alone: ${bound}`);
  }
  if (low > 0 && mean >= rule.gateMargin * againstSquared)
    return { passes: true, isSound: true, reason: `it is better than what serves: ${bound}` };
  return refused(`it is not surely better than what serves: ${bound}`);
}

export type LiveVerdict = { readonly kind: 'wait' } | { readonly kind: 'first' | 'second'; readonly reason: string };
const wait: LiveVerdict = { kind: 'wait' };

/**
 * `differences`: squared errors of what serves less the candidate's. `first`: the candidate is to serve; `second`: it is
 * given up. Where nothing serves they are against the mean of all ratings, which any use is better than.
 */
export function candidateVerdict(
  differences: BlockSums,
  servesAlready: boolean,
  rule: PromotionRule = promotionRule,
): LiveVerdict {
  const { mean, low, high } = boundAtAnyTime(differences, rule.liveRisk, sharpAtBlocks);
  const ratings = countOf(differences);
  const seen = `${shown(mean)} in squared error over ${ratings} live ratings`;
  if (high < 0)
    return { kind: 'second', reason: `it is worse than ${servesAlready ? 'what serves' : 'the mean'}: ${seen}` };
  if (!servesAlready && ratings >= rule.firstRatings) {
    return { kind: 'first', reason: `nothing served, and it is no worse than the mean: ${seen}` };
  }
  if (servesAlready && low > 0) return { kind: 'first', reason: `it is better than what serves: ${seen}` };
  if (ratings >= rule.candidateRatings) return { kind: 'second', reason: `it makes no sure difference: ${seen}` };
  return wait;
}

/** `differences`: squared errors of what serves less the former version's. `first`: the former one comes back; `second`: it is let go. */
export function formerVerdict(differences: BlockSums, rule: PromotionRule = promotionRule): LiveVerdict {
  const { mean, low } = boundAtAnyTime(differences, rule.liveRisk, sharpAtBlocks);
  const ratings = countOf(differences);
  const seen = `${shown(mean)} in squared error over ${ratings} live ratings`;
  if (low > 0) return { kind: 'first', reason: `the version before it is better: ${seen}` };
  if (ratings >= rule.formerRatings) return { kind: 'second', reason: `no regression: ${seen}` };
  return wait;
}

/** The live bounds are narrowest, for their risk, at 2,000 ratings. */
const sharpAtBlocks = 2000 / blockLength;

const countOf = ({ blocks }: BlockSums): number => blocks * blockLength;
const shown = (value: number): string => (Number.isFinite(value) ? value.toPrecision(3) : 'not known');
const refused = (reason: string): GateVerdict => ({ passes: false, isSound: true, reason });
const unsound = (reason: string): GateVerdict => ({ passes: false, isSound: false, reason });
