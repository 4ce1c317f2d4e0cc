import { bytes, lanesOfFour } from './bytes';
import { dotBytes } from './vectors';
import { sketchDot } from './sketch';

/**
 * 1. Gathers every row (the sum of its parts) into `scratch`: first n rows of k4 floats (k padded with zeros to a multiple
 *    of four), then n rows of the sketch's cells.
 * 2. Dots of all pairs, four columns at a time, so that a loaded row is used four times.
 */
export function gram(
  parts: i32,
  n: i32,
  k: i32,
  sketchAt: i32,
  sketchCells: i32,
  scratch: i32,
  factorDots: i32,
  sketchDots: i32,
): void {
  const padded = (k + 3) & ~3;
  const sketches = scratch + n * padded;
  for (let i = 0; i < n; i++) {
    const rest = load<i32>(bytes(parts) + bytes(i << 1));
    const own = load<i32>(bytes(parts) + bytes(i << 1), 4);
    gatherFactors(scratch + i * padded, rest, own, k, padded);
    if (sketchCells > 0) gatherSketch(sketches + i * sketchCells, rest + sketchAt, own == 0 ? 0 : own + sketchAt, sketchCells);
  }
  if (k > 0) factorPairs(bytes(scratch), bytes(factorDots), n, padded);
  if (sketchCells > 0) sketchPairs(sketches, bytes(sketchDots), n, sketchCells);
}

// @ts-ignore: decorator
@inline
function gatherFactors(out: i32, rest: i32, own: i32, k: i32, padded: i32): void {
  const o = bytes(out);
  const x = bytes(rest);
  const y = bytes(own);
  let i: usize = 0;
  const fours = bytes(k & ~3);
  if (own == 0) for (; i < fours; i += 16) v128.store(o + i, v128.load(x + i));
  else for (; i < fours; i += 16) v128.store(o + i, f32x4.add(v128.load(x + i), v128.load(y + i)));
  const end = bytes(k);
  for (; i < end; i += 4) store<f32>(o + i, load<f32>(x + i) + (own == 0 ? 0 : load<f32>(y + i)));
  const last = bytes(padded);
  for (; i < last; i += 4) store<f32>(o + i, 0);
}

// @ts-ignore: decorator
@inline
function gatherSketch(out: i32, rest: i32, own: i32, cells: i32): void {
  const o = bytes(out);
  const x = bytes(rest);
  const y = bytes(own);
  let i: usize = 0;
  const fours = bytes(cells & ~3);
  if (own == 0) for (; i < fours; i += 16) v128.store(o + i, v128.load(x + i));
  else for (; i < fours; i += 16) v128.store(o + i, i16x8.add(v128.load(x + i), v128.load(y + i)));
  const end = bytes(cells);
  for (; i < end; i += 2) store<i16>(o + i, load<i16>(x + i) + (own == 0 ? 0 : load<i16>(y + i)));
}

function factorPairs(rows: usize, out: usize, n: i32, padded: i32): void {
  const stride = bytes(padded);
  let at = out;
  for (let i = 0; i < n; i++) {
    const a = rows + <usize>i * stride;
    let b = rows;
    let j = 0;
    for (; j + 3 <= i; j += 4) {
      let s0 = f32x4.splat(0);
      let s1 = f32x4.splat(0);
      let s2 = f32x4.splat(0);
      let s3 = f32x4.splat(0);
      const b1 = b + stride;
      const b2 = b1 + stride;
      const b3 = b2 + stride;
      for (let c: usize = 0; c < stride; c += 16) {
        const va = v128.load(a + c);
        s0 = f32x4.add(s0, f32x4.mul(va, v128.load(b + c)));
        s1 = f32x4.add(s1, f32x4.mul(va, v128.load(b1 + c)));
        s2 = f32x4.add(s2, f32x4.mul(va, v128.load(b2 + c)));
        s3 = f32x4.add(s3, f32x4.mul(va, v128.load(b3 + c)));
      }
      v128.store(at, lanesOfFour(s0, s1, s2, s3));
      b = b3 + stride;
      at += 16;
    }
    for (; j <= i; j++) {
      store<f32>(at, dotBytes(a, b, padded));
      b += stride;
      at += 4;
    }
  }
}

/** Dots of sketches, as floats. */
function sketchPairs(rows: i32, out: usize, n: i32, cells: i32): void {
  const stride = bytes(cells);
  const fours = bytes(cells & ~3);
  let at = out;
  for (let i = 0; i < n; i++) {
    const a = bytes(rows + i * cells);
    let b = bytes(rows);
    let j = 0;
    // Rows that are not whole vectors take the plain way below.
    if (fours == stride)
      for (; j + 3 <= i; j += 4) {
        let s0 = i32x4.splat(0);
        let s1 = i32x4.splat(0);
        let s2 = i32x4.splat(0);
        let s3 = i32x4.splat(0);
        const b1 = b + stride;
        const b2 = b1 + stride;
        const b3 = b2 + stride;
        for (let c: usize = 0; c < stride; c += 16) {
          const va = v128.load(a + c);
          s0 = i32x4.add(s0, i32x4.dot_i16x8_s(va, v128.load(b + c)));
          s1 = i32x4.add(s1, i32x4.dot_i16x8_s(va, v128.load(b1 + c)));
          s2 = i32x4.add(s2, i32x4.dot_i16x8_s(va, v128.load(b2 + c)));
          s3 = i32x4.add(s3, i32x4.dot_i16x8_s(va, v128.load(b3 + c)));
        }
        v128.store(at, f32x4.convert_i32x4_s(intLanesOfFour(s0, s1, s2, s3)));
        b = b3 + stride;
        at += 16;
      }
    for (; j <= i; j++) {
      store<f32>(at, <f32>sketchDot(<i32>(a >> 2), <i32>(b >> 2), cells));
      b += stride;
      at += 4;
    }
  }
}

// @ts-ignore: decorator
@inline
function intLanesOfFour(a: v128, b: v128, c: v128, d: v128): v128 {
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
