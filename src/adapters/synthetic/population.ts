/** The users and items of a synthetic world. Each one's traits depend on the seed and its own number only. */
import { seededRandom } from './seeded-random.ts';

export interface Entity {
  readonly bias: number;
  /** Direction of taste at the start, and the one it turns towards; each of length about 1. */
  readonly taste: Float64Array;
  readonly laterTaste: Float64Array;
  /** Where in its swing the bias starts, in 0..1. */
  readonly phase: number;
  /** How often it is chosen, relative to others. */
  readonly weight: number;
}

export interface Population {
  readonly size: number;
  get(index: number): Entity;
  /** Adds the next one. */
  grow(): void;
  /** One of those that are there, by weight, for a uniform number in [0, 1). */
  choose(uniform: number): number;
}

/** A few are chosen again and again: weights follow a Pareto law, cut at thirtyfold. */
export function population(seed: number, kind: number, factors: number, biasSpread: number, tail: number): Population {
  const entities: Entity[] = [];
  /** Sums of weights up to and with each entity: they only ever grow at the end. */
  const weightSums: number[] = [];
  const direction = (normal: () => number) =>
    Float64Array.from({ length: factors }, () => normal() / Math.sqrt(factors));

  return {
    get size() {
      return entities.length;
    },
    get(index) {
      const entity = entities[index];
      if (entity === undefined) throw new RangeError(`entity ${index} of ${entities.length}`);
      return entity;
    },
    grow() {
      const { uniform, normal } = seededRandom(seed, kind, entities.length);
      const entity: Entity = {
        bias: biasSpread * normal(),
        taste: direction(normal),
        laterTaste: direction(normal),
        phase: uniform(),
        weight: Math.min(30, (1 - uniform()) ** (-1 / tail)),
      };
      entities.push(entity);
      weightSums.push((weightSums.at(-1) ?? 0) + entity.weight);
    },
    choose(uniform) {
      const wanted = uniform * (weightSums.at(-1) ?? 0);
      let low = 0;
      let high = weightSums.length - 1;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((weightSums[middle] ?? 0) > wanted) high = middle;
        else low = middle + 1;
      }
      return low;
    },
  };
}
