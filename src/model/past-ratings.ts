/** A user's remembered ratings side by side, latest first: what the posterior chooses from. Filled anew for each event. */
import type { History } from './history.ts';

export class PastRatings {
  count = 0;
  /** Of each rating: item row, inner-scale value, seconds, and how many of the user's ratings came after it (0: none). */
  readonly itemRows: Int32Array;
  readonly ratings: Float64Array;
  readonly seconds: Float64Array;
  readonly ages: Int32Array;

  constructor(limit: number) {
    this.itemRows = new Int32Array(limit);
    this.ratings = new Float64Array(limit);
    this.seconds = new Float64Array(limit);
    this.ages = new Int32Array(limit);
  }

  /** `head`: the user's history; `sequence`: ratings ever appended to it; `mostLooked`: of the latest ones, that are looked for. */
  fill(history: History, head: number, sequence: number, mostLooked: number = history.limit): void {
    const most = Math.min(history.limit, mostLooked, sequence);
    let count = 0;
    let slot = (sequence - 1) % history.limit;
    for (let age = 0; age < most; age++, slot = slot === 0 ? history.limit - 1 : slot - 1) {
      if (!history.readPast(head, slot, this, count)) continue;
      this.ages[count++] = age;
    }
    this.count = count;
  }
}
