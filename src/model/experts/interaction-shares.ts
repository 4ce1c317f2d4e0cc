/**
 * How the ratings of a user share in the interaction of factors. The user's factors are what SGD made of the ratings'
 * errors, so they lie along the factors of the rated items, and the interaction is nearly
 *
 *   p·qᵢ ≈ η Σₐ eₐ (qₐ·qᵢ)
 *
 * eₐ: what mean and biases leave of the a-th rating; η is not known, but what makes the sum the interaction. For somebody
 * who asks, not for the stream.
 */

/** Beyond it the sum says nothing: its terms cancel each other. */
const mostShare = 3;

/** The shares, which add up to the interaction; null when the ratings do not explain it. */
export function interactionShares(pulls: readonly number[], interaction: number): readonly number[] | null {
  const sum = pulls.reduce((total, pull) => total + pull, 0);
  if (sum === 0 || sum > 0 !== interaction > 0) return null;
  const shares = pulls.map((pull) => (pull / sum) * interaction);
  return shares.some((share) => Math.abs(share) > mostShare * Math.abs(interaction)) ? null : shares;
}
