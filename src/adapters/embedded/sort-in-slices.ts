/** Sorting of many ids by merging, in slices: to sort all rows that a flood leaves at once would hold the thread for 50 ms. */
import { setImmediate as breathe } from 'node:timers/promises';

/** Steps of sorting before others may run: well under a millisecond. */
const sliceSteps = 1024;

export async function sorted(ids: readonly string[]): Promise<readonly string[]> {
  let runs: string[][] = [];
  for (let at = 0; at < ids.length; at += sliceSteps) {
    runs.push(ids.slice(at, at + sliceSteps).sort());
    await breathe();
  }
  while (runs.length > 1) {
    const merged: string[][] = [];
    for (let at = 0; at < runs.length; at += 2) merged.push(await mergedRuns(runs[at] ?? [], runs[at + 1] ?? []));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function mergedRuns(one: readonly string[], other: readonly string[]): Promise<string[]> {
  const merged: string[] = [];
  for (let [i, k] = [0, 0]; i < one.length || k < other.length;) {
    const [first, second] = [one[i], other[k]];
    const isFirst = second === undefined || (first !== undefined && first <= second);
    merged.push((isFirst ? one[i++] : other[k++]) ?? '');
    if (merged.length % sliceSteps === 0) await breathe();
  }
  return merged;
}
