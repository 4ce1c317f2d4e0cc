/** Room for a batch, and its dropout masks. */
import type { Chance } from './chance.ts';
import type { Place } from './row-table.ts';
import type { Batch } from './step.ts';

export interface BatchRoom {
  readonly size: number;
  readonly users: Int32Array;
  readonly items: Int32Array;
  readonly batch: Omit<Batch, 'masks'>;
  /** Where the rows of users and of items stand in those of the batch. */
  readonly userPlace: Place;
  readonly itemPlace: Place;
}

export const batchRoom = (size: number, d: number): BatchRoom => ({
  size,
  users: new Int32Array(size),
  items: new Int32Array(size),
  batch: { rows: new Float32Array(size * 2 * d), targets: new Float32Array(size) },
  userPlace: { at: 0, stride: 2 * d },
  itemPlace: { at: d, stride: 2 * d },
});

export type MaskPool = (chance: Chance) => Float32Array[];

/** Masks are cut out of a pool at random places: a draw for each unit of each batch would cost more than the network. */
export function maskPool(dropouts: readonly number[], size: number, ratio: number, drawn: Chance): MaskPool {
  if (dropouts.length === 0) return () => [];
  const spare = 1 << 16;
  const kept = 1 / (1 - ratio);
  const pool = Float32Array.from({ length: spare + size * Math.max(...dropouts) }, () =>
    drawn.uniform() < ratio ? 0 : kept,
  );
  return (chance) =>
    dropouts.map((units) => {
      const from = chance.below(spare);
      return pool.subarray(from, from + size * units);
    });
}
