import { bytes } from './bytes';
import { dotBytes } from './vectors';

/** Entries of a heap: score, row; the worst at the root. Equal scores: the larger row is worse. */
// @ts-ignore: decorator
@inline
function isWorse(score: f32, row: i32, otherScore: f32, otherRow: i32): bool {
  return score < otherScore || (score == otherScore && row > otherRow);
}

function push(heap: usize, size: i32, score: f32, row: i32): void {
  let at = size;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const entry = heap + (<usize>parent << 3);
    if (!isWorse(score, row, load<f32>(entry), load<i32>(entry, 4))) break;
    store<u64>(heap + (<usize>at << 3), load<u64>(entry));
    at = parent;
  }
  store<f32>(heap + (<usize>at << 3), score);
  store<i32>(heap + (<usize>at << 3), row, 4);
}

function replaceRoot(heap: usize, size: i32, score: f32, row: i32): void {
  let at = 0;
  while (true) {
    let child = 2 * at + 1;
    if (child >= size) break;
    let entry = heap + (<usize>child << 3);
    if (child + 1 < size && isWorse(load<f32>(entry, 8), load<i32>(entry, 12), load<f32>(entry), load<i32>(entry, 4))) {
      child++;
      entry += 8;
    }
    if (!isWorse(load<f32>(entry), load<i32>(entry, 4), score, row)) break;
    store<u64>(heap + (<usize>at << 3), load<u64>(entry));
    at = child;
  }
  store<f32>(heap + (<usize>at << 3), score);
  store<i32>(heap + (<usize>at << 3), row, 4);
}

// @ts-ignore: decorator
@inline
function offer(heap: usize, size: i32, capacity: i32, score: f32, row: i32): i32 {
  if (size < capacity) {
    if (score > -Infinity) push(heap, size++, score, row);
  } else if (score > load<f32>(heap)) replaceRoot(heap, size, score, row);
  return size;
}

/** Bytes that a group of four heads takes: sixteen factors of each row, factor by factor. */
const groupBytes: usize = 256;

/**
 * Four rows at a time: dots of the heads, then the bound on what the tails can add; only rows that may get in are read to
 * the end. Adding is monotone, so that a row whose bound is not above the worst would not have got in. Rows come in rising
 * order: of equal scores the first one stays.
 */
export function topScan(
  heapAt: i32,
  size: i32,
  capacity: i32,
  biasesAt: i32,
  tailNormsAt: i32,
  headsAt: i32,
  tailsAt: i32,
  tail: i32,
  count: i32,
  firstRow: i32,
  userAt: i32,
  userTailNorm: f32,
): i32 {
  const heap = bytes(heapAt);
  const user = bytes(userAt);
  const reach = f32x4.splat(userTailNorm);
  let bias = bytes(biasesAt);
  let norm = bytes(tailNormsAt);
  let group = bytes(headsAt);
  let worst = f32x4.splat(size < capacity ? -Infinity : load<f32>(heap));
  for (let row = 0; row < count; row += 4) {
    let s = f32x4.mul(v128.load32_splat(user), v128.load(group));
    let t = f32x4.mul(v128.load32_splat(user, 4), v128.load(group, 16));
    s = f32x4.add(s, f32x4.mul(v128.load32_splat(user, 8), v128.load(group, 32)));
    t = f32x4.add(t, f32x4.mul(v128.load32_splat(user, 12), v128.load(group, 48)));
    s = f32x4.add(s, f32x4.mul(v128.load32_splat(user, 16), v128.load(group, 64)));
    t = f32x4.add(t, f32x4.mul(v128.load32_splat(user, 20), v128.load(group, 80)));
    s = f32x4.add(s, f32x4.mul(v128.load32_splat(user, 24), v128.load(group, 96)));
    t = f32x4.add(t, f32x4.mul(v128.load32_splat(user, 28), v128.load(group, 112)));
    s = f32x4.add(s, f32x4.mul(v128.load32_splat(user, 32), v128.load(group, 128)));
    t = f32x4.add(t, f32x4.mul(v128.load32_splat(user, 36), v128.load(group, 144)));
    s = f32x4.add(s, f32x4.mul(v128.load32_splat(user, 40), v128.load(group, 160)));
    t = f32x4.add(t, f32x4.mul(v128.load32_splat(user, 44), v128.load(group, 176)));
    s = f32x4.add(s, f32x4.mul(v128.load32_splat(user, 48), v128.load(group, 192)));
    t = f32x4.add(t, f32x4.mul(v128.load32_splat(user, 52), v128.load(group, 208)));
    s = f32x4.add(s, f32x4.mul(v128.load32_splat(user, 56), v128.load(group, 224)));
    t = f32x4.add(t, f32x4.mul(v128.load32_splat(user, 60), v128.load(group, 240)));
    const scores = f32x4.add(v128.load(bias), f32x4.add(s, t));
    const bounds = f32x4.add(scores, f32x4.mul(reach, v128.load(norm)));
    let open = i32x4.bitmask(f32x4.gt(bounds, worst));
    if (open) {
      const tails = bytes(tailsAt) + <usize>row * bytes(tail);
      const begun = firstRow + row;
      size = offerRow(heap, size, capacity, open & 1, f32x4.extract_lane(scores, 0), user, tails, tail, 0, begun);
      size = offerRow(heap, size, capacity, open & 2, f32x4.extract_lane(scores, 1), user, tails, tail, 1, begun);
      size = offerRow(heap, size, capacity, open & 4, f32x4.extract_lane(scores, 2), user, tails, tail, 2, begun);
      size = offerRow(heap, size, capacity, open & 8, f32x4.extract_lane(scores, 3), user, tails, tail, 3, begun);
      if (size == capacity) worst = f32x4.splat(load<f32>(heap));
    }
    group += groupBytes;
    bias += 16;
    norm += 16;
  }
  return size;
}

function offerRow(
  heap: usize,
  size: i32,
  capacity: i32,
  isOpen: i32,
  begun: f32,
  user: usize,
  tails: usize,
  tail: i32,
  n: i32,
  firstRow: i32,
): i32 {
  if (!isOpen) return size;
  const score = begun + dotBytes(user + 64, tails + <usize>n * bytes(tail), tail);
  return offer(heap, size, capacity, score, firstRow + n);
}
