/** The user's rating scale, and the 1..5 scale that every expert works on, so that one default setting serves all scales. */
export interface Scale {
  readonly lo: number;
  readonly hi: number;
}

export const innerScale: Scale = { lo: 1, hi: 5 };

/** User units in one inner unit. A scale of a single value maps onto the middle. */
export const unitsPerInner = (scale: Scale): number => (scale.hi - scale.lo) / (innerScale.hi - innerScale.lo);

export function toInner(scale: Scale, rating: number): number {
  const units = unitsPerInner(scale);
  return units > 0 ? innerScale.lo + (rating - scale.lo) / units : (innerScale.lo + innerScale.hi) / 2;
}

export function fromInner(scale: Scale, value: number): number {
  return scale.lo + (value - innerScale.lo) * unitsPerInner(scale);
}

export const clipInner = (value: number): number =>
  value < innerScale.lo ? innerScale.lo : value > innerScale.hi ? innerScale.hi : value;

/** Steps of the inner scale in which ratings are remembered: decimals beyond them are none of the rating's. */
const rememberedStep = 4 / 65520;

/** A remembered rating as the user wrote it. */
export function asWritten(scale: Scale, inner: number): number {
  const decimals = Math.floor(-Math.log10(unitsPerInner(scale) * rememberedStep));
  // + 0 turns -0 into 0.
  return Number(fromInner(scale, inner).toFixed(Math.min(Math.max(decimals, 0), 9))) + 0;
}
