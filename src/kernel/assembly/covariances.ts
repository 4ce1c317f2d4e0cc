import { bytes } from './bytes';
import { exp4 } from './exp';

/**
 * 1. Gathers the sketches, each the sum of two parts, into `scratch`: rows of `sketchCells`, the count padded to whole vectors.
 * 2. Dots of all pairs into the upper triangle: two rows and four columns at a time, so that what is loaded is used often.
 * 3. From the last rating back to the first: what the level still has in common with each later one fades by another gap.
 */
export function covariances(
  parts: i32,
  n: i32,
  sketchAt: i32,
  sketchCells: i32,
  terms: i32,
  prior: i32,
  matrix: i32,
  stride: i32,
  scratch: i32,
): void {
  const padded = (n + 3) & ~3;
  const width = bytes(padded);
  const rowBytes = bytes(sketchCells);
  const rows = bytes(scratch);
  for (let i = 0; i < n; i++) {
    const first = bytes(load<i32>(bytes(parts) + bytes(i << 1)) + sketchAt);
    const second = load<i32>(bytes(parts) + bytes(i << 1), 4);
    gatherSketch(rows + <usize>i * rowBytes, first, second == 0 ? 0 : bytes(second + sketchAt), rowBytes);
  }
  fillDots(rows, rowBytes, n, bytes(matrix), bytes(stride), width);
  const scales = bytes(terms);
  const added = scales + 3 * width;
  const chains = rows + <usize>padded * rowBytes;
  const decays = chains + 3 * width;
  const priors = bytes(prior);
  fillDecays(scales + width, decays, priors, width);
  memory.fill(chains, 0, 3 * width);

  const level = v128.load32_splat(priors);
  const position = v128.load32_splat(priors, 4);
  const moment = v128.load32_splat(priors, 8);
  const session = v128.load32_splat(priors, 12);
  const similarity = v128.load32_splat(priors, 16);
  const squared = v128.load32_splat(priors, 20);
  const zero = f32x4.splat(0);
  for (let i = n - 1; i >= 0; i--) {
    const from = bytes(i & ~3);
    const at = bytes(i);
    for (let chain = 0; chain < 3; chain++) {
      const cells = chains + <usize>chain * width;
      const decay = v128.load32_splat(decays + <usize>chain * width + at);
      for (let c = from; c < width; c += 16) v128.store(cells + c, f32x4.mul(v128.load(cells + c), decay));
      store<f32>(cells + at, 1);
    }
    const row = bytes(matrix + i * stride);
    const scale = v128.load32_splat(scales + at);
    for (let c = from; c < width; c += 16) {
      const dots = v128.load(row + c);
      const cosine = f32x4.mul(f32x4.mul(dots, scale), v128.load(scales + c));
      const items = f32x4.mul(cosine, f32x4.add(similarity, f32x4.mul(squared, f32x4.max(cosine, zero))));
      const near = f32x4.add(level, f32x4.mul(position, v128.load(chains + c)));
      const soon = f32x4.add(
        f32x4.mul(moment, v128.load(chains + width + c)),
        f32x4.mul(session, v128.load(chains + 2 * width + c)),
      );
      v128.store(row + c, f32x4.add(f32x4.add(near, soon), items));
    }
    store<f32>(row + at, load<f32>(row + at) + load<f32>(added + at));
  }
}

/** Gaps to the next rating into what is left of the level after them: positions, then seconds at two rates. */
function fillDecays(gaps: usize, decays: usize, priors: usize, width: usize): void {
  const positions = v128.load32_splat(priors, 24);
  const moments = v128.load32_splat(priors, 28);
  const sessions = v128.load32_splat(priors, 32);
  for (let c: usize = 0; c < width; c += 16) {
    const seconds = v128.load(gaps + width + c);
    v128.store(decays + c, exp4(f32x4.mul(positions, v128.load(gaps + c))));
    v128.store(decays + width + c, exp4(f32x4.mul(moments, seconds)));
    v128.store(decays + 2 * width + c, exp4(f32x4.mul(sessions, seconds)));
  }
}

// @ts-ignore: decorator
@inline
function gatherSketch(out: usize, first: usize, second: usize, rowBytes: usize): void {
  if (second == 0) memory.copy(out, first, rowBytes);
  else
    for (let i: usize = 0; i < rowBytes; i += 16)
      v128.store(out + i, i16x8.add(v128.load(first + i), v128.load(second + i)));
}

function fillDots(rows: usize, rowBytes: usize, n: i32, matrix: usize, stride: usize, width: usize): void {
  for (let i = 0; i < n; i += 2) {
    const a = rows + <usize>i * rowBytes;
    const first = matrix + <usize>i * stride;
    const from = bytes(i & ~3);
    let b = rows + <usize>(i & ~3) * rowBytes;
    const isLast = i + 1 == n;
    for (let c = from; c < width; c += 16) {
      dotsOfEight(a, b, rowBytes, first + c, isLast ? first + c : first + stride + c);
      b += 4 * rowBytes;
    }
  }
}

/** Dots of two rows of 16-bit counts, one after the other, with four: of the second first, for the last row has no second. */
// @ts-ignore: decorator
@inline
function dotsOfEight(a: usize, b: usize, rowBytes: usize, first: usize, second: usize): void {
  let s0 = i32x4.splat(0);
  let s1 = i32x4.splat(0);
  let s2 = i32x4.splat(0);
  let s3 = i32x4.splat(0);
  let t0 = i32x4.splat(0);
  let t1 = i32x4.splat(0);
  let t2 = i32x4.splat(0);
  let t3 = i32x4.splat(0);
  const a1 = a + rowBytes;
  const b1 = b + rowBytes;
  const b2 = b1 + rowBytes;
  const b3 = b2 + rowBytes;
  for (let c: usize = 0; c < rowBytes; c += 16) {
    const x = v128.load(a + c);
    const y = v128.load(a1 + c);
    const v0 = v128.load(b + c);
    const v1 = v128.load(b1 + c);
    const v2 = v128.load(b2 + c);
    const v3 = v128.load(b3 + c);
    s0 = i32x4.add(s0, i32x4.dot_i16x8_s(x, v0));
    t0 = i32x4.add(t0, i32x4.dot_i16x8_s(y, v0));
    s1 = i32x4.add(s1, i32x4.dot_i16x8_s(x, v1));
    t1 = i32x4.add(t1, i32x4.dot_i16x8_s(y, v1));
    s2 = i32x4.add(s2, i32x4.dot_i16x8_s(x, v2));
    t2 = i32x4.add(t2, i32x4.dot_i16x8_s(y, v2));
    s3 = i32x4.add(s3, i32x4.dot_i16x8_s(x, v3));
    t3 = i32x4.add(t3, i32x4.dot_i16x8_s(y, v3));
  }
  v128.store(second, f32x4.convert_i32x4_s(lanesOfFour(t0, t1, t2, t3)));
  v128.store(first, f32x4.convert_i32x4_s(lanesOfFour(s0, s1, s2, s3)));
}

/** Lane sums of four vectors as one vector, by transposing them. */
// @ts-ignore: decorator
@inline
function lanesOfFour(a: v128, b: v128, c: v128, d: v128): v128 {
  const abLow = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cdLow = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  const first = v128.shuffle<i32>(abLow, cdLow, 0, 1, 4, 5);
  const second = v128.shuffle<i32>(abLow, cdLow, 2, 3, 6, 7);
  const third = v128.shuffle<i32>(abHigh, cdHigh, 0, 1, 4, 5);
  const fourth = v128.shuffle<i32>(abHigh, cdHigh, 2, 3, 6, 7);
  return i32x4.add(i32x4.add(first, second), i32x4.add(third, fourth));
}
