/** A user's remembered ratings side by side, latest first: what the posterior chooses from. Filled anew for each event. */
import { emptySlot, slotsPerBlock, type History } from './history.ts';

export class PastRatings {
  count = 0;
  /** Of each rating: item row, inner-scale value, seconds, and how many of the user's ratings came after it (0: none). */
  readonly itemRows: Int32Array;
  readonly ratings: Float64Array;
  readonly seconds: Float64Array;
  readonly ages: Int32Array;
  readonly #slot = emptySlot();
  readonly #blocks: Int32Array;

  constructor(limit: number) {
    this.itemRows = new Int32Array(limit);
    this.ratings = new Float64Array(limit);
    this.seconds = new Float64Array(limit);
    this.ages = new Int32Array(limit);
    this.#blocks = new Int32Array(Math.ceil(limit / slotsPerBlock));
  }

  /** `head`: the user's history; `sequence`: ratings ever appended to it; `most`: of the latest ones, that are looked for. */
  fill(history: History, head: number, sequence: number, most: number = history.limit): void {
    this.count = 0;
    const oldest = Math.max(0, sequence - Math.min(history.limit, most));
    const blocks = history.blocksOf(head, this.#blocks);
    for (let n = sequence - 1; n >= oldest; n--) {
      const slot = n % history.limit;
      const at = Math.floor(slot / slotsPerBlock);
      if (at >= blocks || !history.readIn(this.#blocks[at]!, slot, this.#slot)) continue;
      const i = this.count++;
      this.itemRows[i] = this.#slot.itemRow;
      this.ratings[i] = this.#slot.rating;
      this.seconds[i] = this.#slot.seconds;
      this.ages[i] = sequence - 1 - n;
    }
  }
}
