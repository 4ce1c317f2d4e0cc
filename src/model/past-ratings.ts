/** A user's remembered ratings side by side, latest first: what the posterior chooses from. Filled anew for each event. */
import { emptySlot, type History } from './history.ts';

export class PastRatings {
  count = 0;
  /** Of each rating: item row, inner-scale value, seconds, and how many of the user's ratings came after it (0: none). */
  readonly itemRows: Int32Array;
  readonly ratings: Float64Array;
  readonly seconds: Float64Array;
  readonly ages: Int32Array;
  readonly #slot = emptySlot();

  constructor(limit: number) {
    this.itemRows = new Int32Array(limit);
    this.ratings = new Float64Array(limit);
    this.seconds = new Float64Array(limit);
    this.ages = new Int32Array(limit);
  }

  /** `head`: the user's history; `sequence`: ratings ever appended to it. */
  fill(history: History, head: number, sequence: number): void {
    this.count = 0;
    const oldest = Math.max(0, sequence - history.limit);
    for (let n = sequence - 1; n >= oldest; n--) {
      if (!history.read(head, n % history.limit, this.#slot)) continue;
      const i = this.count++;
      this.itemRows[i] = this.#slot.itemRow;
      this.ratings[i] = this.#slot.rating;
      this.seconds[i] = this.#slot.seconds;
      this.ages[i] = sequence - 1 - n;
    }
  }
}
