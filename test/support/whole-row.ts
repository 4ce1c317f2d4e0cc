import type { ItemTable } from '../../src/model/item-table.ts';

/** An item's numbers and sketch as the sum of its parts: a copy. */
export function wholeRow(items: ItemTable, row: number): { numbers: Float32Array; counts: Int16Array } {
  const { memory } = items.kernel;
  const block = memory.allocate(items.cells);
  items.sumTo(row, block.address);
  items.sketchTo(row, block.address);
  const numbers = block.floats.slice(0, items.floatCells);
  const counts = block.shorts.slice(2 * items.sketchAt, 2 * items.cells);
  memory.release(block);
  return { numbers, counts };
}
