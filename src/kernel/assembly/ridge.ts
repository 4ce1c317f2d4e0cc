import { bytes } from './bytes';
import { solveBytes } from './sums';

/** Sums over all rows for four rows r.. and four columns c.. of z zᵀ; into the packed triangle at `a`. */
// @ts-ignore: decorator
@inline
function block(rows: usize, end: usize, stride: usize, a: usize, r: usize, c: usize): void {
  let p0 = f64x2.splat(0);
  let p1 = f64x2.splat(0);
  let p2 = f64x2.splat(0);
  let p3 = f64x2.splat(0);
  let q0 = f64x2.splat(0);
  let q1 = f64x2.splat(0);
  let q2 = f64x2.splat(0);
  let q3 = f64x2.splat(0);
  for (let row = rows; row < end; row += stride) {
    const from = row + (r << 3);
    const p = v128.load(row + (c << 3));
    const q = v128.load(row + (c << 3), 16);
    const s0 = v128.load64_splat(from);
    const s1 = v128.load64_splat(from, 8);
    const s2 = v128.load64_splat(from, 16);
    const s3 = v128.load64_splat(from, 24);
    p0 = f64x2.add(p0, f64x2.mul(s0, p));
    p1 = f64x2.add(p1, f64x2.mul(s1, p));
    p2 = f64x2.add(p2, f64x2.mul(s2, p));
    p3 = f64x2.add(p3, f64x2.mul(s3, p));
    q0 = f64x2.add(q0, f64x2.mul(s0, q));
    q1 = f64x2.add(q1, f64x2.mul(s1, q));
    q2 = f64x2.add(q2, f64x2.mul(s2, q));
    q3 = f64x2.add(q3, f64x2.mul(s3, q));
  }
  // On the diagonal a row's end is passed: into the next row's beginning, which is written after it.
  let to = a + ((((r * (r + 1)) >> 1) + c) << 3);
  v128.store(to, p0);
  v128.store(to, q0, 16);
  to += (r + 1) << 3;
  v128.store(to, p1);
  v128.store(to, q1, 16);
  to += (r + 2) << 3;
  v128.store(to, p2);
  v128.store(to, q2, 16);
  to += (r + 3) << 3;
  v128.store(to, p3);
  v128.store(to, q3, 16);
}

/** The rows as doubles side by side, so that all passes over them read what is near; then sums by blocks in registers. */
export function ridge(w: i32, entries: i32, n: i32, k: i32, noise: f64, scratch: i32): bool {
  const width = <usize>k;
  const stride = (width + 2) << 3;
  const rows = bytes(scratch);
  const end = rows + <usize>n * stride;
  let entry = bytes(entries);
  for (let row = rows; row < end; row += stride, entry += 8) {
    const from = bytes(load<i32>(entry));
    for (let i: usize = 0; i < width; i += 4) {
      const z = v128.load(from + (i << 2));
      v128.store(row + (i << 3), f64x2.promote_low_f32x4(z));
      v128.store(row + (i << 3), f64x2.promote_low_f32x4(v128.shuffle<f64>(z, z, 1, 1)), 16);
    }
    store<f64>(row + (width << 3), <f64>load<f32>(entry, 4) - <f64>load<f32>(from + (width << 2)));
  }
  const packed = (width * (width + 1)) >> 1;
  const a = end;
  const b = a + (packed << 3);
  const x = b + (width << 3);
  const l = x + (width << 3);
  for (let r: usize = 0; r < width; r += 4) {
    // From the diagonal to the left: what passed a row's end is written over.
    for (let c = <isize>r; c >= 0; c -= 4) block(rows, end, stride, a, r, <usize>c);
    let p = f64x2.splat(0);
    let q = f64x2.splat(0);
    for (let row = rows; row < end; row += stride) {
      const error = v128.load64_splat(row + (width << 3));
      p = f64x2.add(p, f64x2.mul(error, v128.load(row + (r << 3))));
      q = f64x2.add(q, f64x2.mul(error, v128.load(row + (r << 3), 16)));
    }
    v128.store(b + (r << 3), p);
    v128.store(b + (r << 3), q, 16);
  }
  for (let i: usize = 0; i < width; i++) {
    const at = a + (((i * (i + 3)) >> 1) << 3);
    store<f64>(at, load<f64>(at) + noise);
  }
  if (!solveBytes(a, b, x, k, l)) return false;
  const out = bytes(w);
  for (let i: usize = 0; i < width; i++) store<f32>(out + (i << 2), <f32>load<f64>(x + (i << 3)));
  return true;
}
