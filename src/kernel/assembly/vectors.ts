import { bytes, lanes } from './bytes';

/** For addresses in bytes. Two accumulators: additions of neighbours do not wait for each other. */
// @ts-ignore: decorator
@inline
export function dotBytes(a: usize, b: usize, k: i32): f32 {
  let s = f32x4.splat(0);
  let t = f32x4.splat(0);
  let i: usize = 0;
  const eights = bytes(k & ~7);
  for (; i < eights; i += 32) {
    s = f32x4.add(s, f32x4.mul(v128.load(a + i), v128.load(b + i)));
    t = f32x4.add(t, f32x4.mul(v128.load(a + i, 16), v128.load(b + i, 16)));
  }
  if (k & 4) {
    s = f32x4.add(s, f32x4.mul(v128.load(a + i), v128.load(b + i)));
    i += 16;
  }
  let result = lanes(f32x4.add(s, t));
  const end = bytes(k);
  for (; i < end; i += 4) result += load<f32>(a + i) * load<f32>(b + i);
  return result;
}

export function dot(a: i32, b: i32, k: i32): f32 {
  return dotBytes(bytes(a), bytes(b), k);
}

export function copy(out: i32, a: i32, n: i32): void {
  memory.copy(bytes(out), bytes(a), bytes(n));
}

export function add(out: i32, a: i32, n: i32): void {
  sum(out, out, a, n);
}

export function sum(out: i32, a: i32, b: i32, n: i32): void {
  const o = bytes(out);
  const x = bytes(a);
  const y = bytes(b);
  let i: usize = 0;
  const fours = bytes(n & ~3);
  for (; i < fours; i += 16) v128.store(o + i, f32x4.add(v128.load(x + i), v128.load(y + i)));
  const end = bytes(n);
  for (; i < end; i += 4) store<f32>(o + i, load<f32>(x + i) + load<f32>(y + i));
}

export function axpy(out: i32, a: i32, n: i32, factor: f32): void {
  const o = bytes(out);
  const x = bytes(a);
  const f = f32x4.splat(factor);
  let i: usize = 0;
  const fours = bytes(n & ~3);
  for (; i < fours; i += 16) v128.store(o + i, f32x4.add(v128.load(o + i), f32x4.mul(f, v128.load(x + i))));
  const end = bytes(n);
  for (; i < end; i += 4) store<f32>(o + i, load<f32>(o + i) + factor * load<f32>(x + i));
}
