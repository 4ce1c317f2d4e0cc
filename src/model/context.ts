/**
 * The stack's inputs: how far each piece of evidence reaches beyond the base answer, alone and multiplied with what says
 * how much to trust it (counts of user and item, the pause since the last rating).
 *
 * The plain inputs come first, so that the `fast` effort can use that leading block alone; those of the posterior, for full effort, last.
 */
import { priorVariance } from './experts/covariance.ts';
import type { Moment } from './moment.ts';
import { itemField, userField } from './row-layout.ts';
import type { LearnerSettings } from './settings.ts';

const evidence = 6;
/** 1, then the evidence. */
export const plainInputs = 1 + evidence;
const trust = 4;
/** Plain; evidence times trust and trust itself; the pause alone and times the faster moving evidence. */
export const allInputs = plainInputs + trust * plainInputs + 6;
/** How far the posterior is from the base answer, and its variance: trusted like plain evidence. */
export const shiftInput = allInputs;
export const doubtInput = allInputs + 1;
/** Both, both times trust; the shift times the pause; what the posterior rests on. */
export const posteriorInputs = allInputs + 2 * (1 + trust) + 5;

export function stackInputs(moment: Moment, settings: LearnerSettings, withContext: boolean, x: Float64Array): void {
  const { user, item } = moment;
  const fields = moment.userAt + settings.k;
  const fresh = moment.pauseSeconds < 0 || moment.pauseSeconds > settings.sessionGapSeconds;
  const sessionLevel = fresh ? 0 : user[fields + userField.sessionSum]! / (user[fields + userField.sessionCount]! + 2);
  const moodShift = moment.recentLevel - moment.longLevel;
  const lastResidual = user[fields + userField.lastResidual]!;
  x[0] = 1;
  x[1] = moment.itemBias;
  x[2] = moment.longLevel;
  x[3] = moodShift;
  x[4] = moment.interaction;
  x[5] = lastResidual;
  x[6] = sessionLevel;
  if (!withContext) return;

  const userCount = user[fields + userField.longCount]!;
  const itemCount = Math.max(0, item[settings.k + itemField.weightSum]!);
  let at = plainInputs;
  at = crossWith(1 / (1 + userCount), x, at);
  at = crossWith(1 / Math.sqrt(1 + itemCount), x, at);
  at = crossWith(Math.log1p(userCount) / 5, x, at);
  at = crossWith(Math.log1p(itemCount) / 5, x, at);
  const pause = moment.pauseSeconds < 0 ? 2 : Math.log1p(moment.pauseSeconds) / 10;
  x[at] = pause;
  x[at + 1] = moment.pauseSeconds === 0 ? 1 : 0;
  x[at + 2] = lastResidual * pause;
  x[at + 3] = moodShift * pause;
  x[at + 4] = sessionLevel * pause;
  x[at + 5] = moment.interaction * pause;
}

function crossWith(trustValue: number, x: Float64Array, at: number): number {
  for (let i = 0; i < plainInputs; i++) x[at + i] = x[i]! * trustValue;
  return at + plainInputs;
}

/** The inputs of the posterior, behind those of `stackInputs`, which are filled already. */
export function addPosteriorInputs(moment: Moment, x: Float64Array): void {
  const shift = moment.posteriorAnswer - moment.factorsAnswer;
  const doubt = moment.posteriorVariance - priorVariance;
  const mass = moment.posteriorMass / 5;
  x[shiftInput] = shift;
  x[doubtInput] = doubt;
  let at = doubtInput + 1;
  for (let t = 0; t < trust; t++) {
    // Input 0 is 1: what it was multiplied with is the trust.
    const trustValue = x[plainInputs + t * plainInputs]!;
    x[at++] = shift * trustValue;
    x[at++] = doubt * trustValue;
  }
  x[at] = shift * x[plainInputs + trust * plainInputs]!;
  x[at + 1] = mass;
  x[at + 2] = mass * shift;
  x[at + 3] = mass * moment.interaction;
  x[at + 4] = doubt * shift;
}
