import { bytes, lanesOfFour } from './bytes';
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

/** Four rows at a time. Rows come in rising order, so that of equal scores the first one stays. */
export function topScan(
  heapAt: i32,
  size: i32,
  capacity: i32,
  biasesAt: i32,
  factorsAt: i32,
  padded: i32,
  count: i32,
  firstRow: i32,
  userAt: i32,
): i32 {
  const heap = bytes(heapAt);
  const user = bytes(userAt);
  const stride = bytes(padded);
  let bias = bytes(biasesAt);
  let a = bytes(factorsAt);
  let row = 0;
  let worst = f32x4.splat(size < capacity ? -Infinity : load<f32>(heap));
  for (; row + 4 <= count; row += 4) {
    const b = a + stride;
    const c = b + stride;
    const d = c + stride;
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    for (let i: usize = 0; i < stride; i += 16) {
      const u = v128.load(user + i);
      s0 = f32x4.add(s0, f32x4.mul(u, v128.load(a + i)));
      s1 = f32x4.add(s1, f32x4.mul(u, v128.load(b + i)));
      s2 = f32x4.add(s2, f32x4.mul(u, v128.load(c + i)));
      s3 = f32x4.add(s3, f32x4.mul(u, v128.load(d + i)));
    }
    const scores = f32x4.add(v128.load(bias), lanesOfFour(s0, s1, s2, s3));
    if (v128.any_true(f32x4.gt(scores, worst))) {
      size = offer(heap, size, capacity, f32x4.extract_lane(scores, 0), firstRow + row);
      size = offer(heap, size, capacity, f32x4.extract_lane(scores, 1), firstRow + row + 1);
      size = offer(heap, size, capacity, f32x4.extract_lane(scores, 2), firstRow + row + 2);
      size = offer(heap, size, capacity, f32x4.extract_lane(scores, 3), firstRow + row + 3);
      if (size == capacity) worst = f32x4.splat(load<f32>(heap));
    }
    a = d + stride;
    bias += 16;
  }
  for (; row < count; row++) {
    size = offer(heap, size, capacity, load<f32>(bias) + dotBytes(user, a, padded), firstRow + row);
    a += stride;
    bias += 4;
  }
  return size;
}
