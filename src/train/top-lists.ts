/**
 * How far two lists of the best items agree in their order: Kendall's τ of lists that end [Fagin03, K with p = ½].
 *
 *   τ = 1 - 2 K / pairs,   K: over all pairs of items that either list has, 1 for a pair that the lists put in opposite orders, ½ for one
 *   of whose order only one list tells anything
 *
 * An item that a list does not have comes after all that it has. 1: the same list; about -½ and less: no item in common.
 */
export function topAgreement(first: readonly number[], second: readonly number[]): number {
  const items = [...new Set([...first, ...second])];
  if (items.length < 2) return 1;
  const placeIn = (list: readonly number[]) => new Map(list.map((item, place) => [item, place]));
  const [inFirst, inSecond] = [placeIn(first), placeIn(second)];
  let distance = 0;
  for (let a = 0; a < items.length; a++) {
    for (let b = 0; b < a; b++) {
      const product = order(inFirst, items[a]!, items[b]!) * order(inSecond, items[a]!, items[b]!);
      distance += product < 0 ? 1 : product === 0 ? 0.5 : 0;
    }
  }
  return 1 - (4 * distance) / (items.length * (items.length - 1));
}

/** -1: a comes first; 1: b does; 0: the list has neither. */
function order(places: ReadonlyMap<number, number>, a: number, b: number): number {
  const [placeOfA = Infinity, placeOfB = Infinity] = [places.get(a), places.get(b)];
  return placeOfA < placeOfB ? -1 : placeOfA > placeOfB ? 1 : 0;
}

/** The `n` items with the highest values, best first; of equal ones that which comes first. */
export function topOf(items: Int32Array, values: Float64Array, n: number): number[] {
  const order = Array.from(items.keys()).sort((a, b) => values[b]! - values[a]! || a - b);
  return order.slice(0, n).map((place) => items[place]!);
}
