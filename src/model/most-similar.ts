/**
 * Which of many are the `capacity` largest, in their own order: a heap of keys whose smallest is at the root says from which key
 * on. Of equal ones the first stay.
 */
export class MostSimilar {
  readonly capacity: number;
  readonly #heap: Float64Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#heap = new Float64Array(capacity);
  }

  /** Indexes `from..to` of the largest keys into `out`, the first index first. Returns how many. */
  choose(keys: Float64Array, from: number, to: number, out: Int32Array): number {
    const size = Math.min(to - from, this.capacity);
    if (size <= 0) return 0;
    const heap = this.#heap;
    for (let i = 0; i < size; i++) this.#up(i, keys[from + i]!);
    for (let i = from + size; i < to; i++) if (keys[i]! > heap[0]!) this.#down(size, keys[i]!);
    const least = heap[0]!;
    let equal = 0;
    for (let i = 0; i < size; i++) if (heap[i]! === least) equal++;
    let chosen = 0;
    for (let i = from; chosen < size; i++) {
      const key = keys[i]!;
      if (key > least || (key === least && equal-- > 0)) out[chosen++] = i;
    }
    return size;
  }

  #up(from: number, key: number): void {
    const heap = this.#heap;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]! <= key) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = key;
  }

  #down(size: number, key: number): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= key) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = key;
  }
}
