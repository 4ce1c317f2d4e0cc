import { bytes } from './bytes';

// @ts-ignore: decorator
@inline
function dot64(a: usize, b: usize, d: i32): f64 {
  let s = f64x2.splat(0);
  let t = f64x2.splat(0);
  let i: usize = 0;
  const fours = <usize>(d & ~3) << 3;
  for (; i < fours; i += 32) {
    s = f64x2.add(s, f64x2.mul(v128.load(a + i), v128.load(b + i)));
    t = f64x2.add(t, f64x2.mul(v128.load(a + i, 16), v128.load(b + i, 16)));
  }
  s = f64x2.add(s, t);
  let result = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
  const end = <usize>d << 3;
  for (; i < end; i += 8) result += load<f64>(a + i) * load<f64>(b + i);
  return result;
}

/** out += factor a. */
// @ts-ignore: decorator
@inline
function axpy64(out: usize, a: usize, d: i32, factor: f64): void {
  const f = f64x2.splat(factor);
  let i: usize = 0;
  const twos = <usize>(d & ~1) << 3;
  for (; i < twos; i += 16) v128.store(out + i, f64x2.add(v128.load(out + i), f64x2.mul(f, v128.load(a + i))));
  if (d & 1) store<f64>(out + i, load<f64>(out + i) + factor * load<f64>(a + i));
}

export function dotDoubles(a: i32, b: i32, d: i32): f64 {
  return dot64(bytes(a), bytes(b), d);
}

export function addOuter(sums: i32, x: i32, d: i32, weight: f64): void {
  const v = bytes(x);
  let row = bytes(sums);
  for (let i = 0; i < d; i++) {
    axpy64(row, v, i + 1, load<f64>(v + (<usize>i << 3)) * weight);
    row += <usize>(i + 1) << 3;
  }
}

export function solve(a: i32, b: i32, w: i32, d: i32, scratch: i32): bool {
  return solveBytes(bytes(a), bytes(b), bytes(w), d, bytes(scratch));
}

/** For addresses in bytes. A = LLᵀ, L row by row in `l`; the diagonal holds inverses: it is only ever divided by. */
export function solveBytes(a: usize, b: usize, x: usize, d: i32, l: usize): bool {
  let from = a;
  let row = l;
  for (let i = 0; i < d; i++) {
    let other = l;
    for (let j = 0; j < i; j++) {
      const at = <usize>j << 3;
      store<f64>(row + at, (load<f64>(from + at) - dot64(row, other, j)) * load<f64>(other + at));
      other += <usize>(j + 1) << 3;
    }
    const at = <usize>i << 3;
    const pivot = load<f64>(from + at) - dot64(row, row, i);
    if (!(pivot > 0 && pivot < Infinity)) return false;
    store<f64>(row + at, 1 / sqrt(pivot));
    from += <usize>(i + 1) << 3;
    row += <usize>(i + 1) << 3;
  }
  row = l;
  for (let i = 0; i < d; i++) {
    const at = <usize>i << 3;
    store<f64>(x + at, (load<f64>(b + at) - dot64(row, x, i)) * load<f64>(row + at));
    row += <usize>(i + 1) << 3;
  }
  // From the last row up: a known w takes its share out of all before it.
  for (let i = d - 1; i >= 0; i--) {
    row -= <usize>(i + 1) << 3;
    const at = <usize>i << 3;
    const value = load<f64>(x + at) * load<f64>(row + at);
    store<f64>(x + at, value);
    axpy64(x, row, i, -value);
  }
  return true;
}

/** P = (P - g gᵀ / (γ + xᵀg)) / γ with g = P x, on the packed lower triangle; returns γ + xᵀg. */
export function updateInverse(p: i32, x: i32, d: i32, decay: f64, gain: i32): f64 {
  const v = bytes(x);
  const g = bytes(gain);
  let row = bytes(p);
  // Cell (i, j) counts for rows i and j of the symmetric matrix.
  for (let i = 0; i < d; i++) {
    const at = <usize>i << 3;
    store<f64>(g + at, dot64(row, v, i + 1));
    axpy64(g, row, i, load<f64>(v + at));
    row += <usize>(i + 1) << 3;
  }
  const total = decay + dot64(v, g, d);
  row = bytes(p);
  const fade = f64x2.splat(1 / decay);
  for (let i = 0; i < d; i++) {
    const share = -load<f64>(g + (<usize>i << 3)) / total;
    const s = f64x2.splat(share);
    const end = <usize>(i + 1) << 3;
    let c: usize = 0;
    for (; c + 16 <= end; c += 16) {
      v128.store(row + c, f64x2.mul(fade, f64x2.add(v128.load(row + c), f64x2.mul(s, v128.load(g + c)))));
    }
    if (c < end) store<f64>(row + c, (1 / decay) * (load<f64>(row + c) + share * load<f64>(g + c)));
    row += end;
  }
  return total;
}
