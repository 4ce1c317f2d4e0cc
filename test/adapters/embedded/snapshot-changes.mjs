/** A changelog of which every record is known: what record n says, and what all before a position say together. */
const bytes = (text) => new TextEncoder().encode(text);
const recordOf = (n) => [`u/${(n * 7919) % 20_000}`, n % 11 === 0 ? null : bytes(`value ${n}`)];

/** The last value of each key in records `from` up to, and without, `to`. */
export function changesFrom(from, to) {
  const changes = new Map();
  for (let n = from; n < to; n++) changes.set(...recordOf(n));
  return changes;
}
