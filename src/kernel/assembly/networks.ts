import { bytes } from './bytes';
import { exp1, exp4 } from './exp';
import { dotBytes } from './vectors';

/** out += factor x. */
// @ts-ignore: decorator
@inline
function axpyBytes(out: usize, x: usize, k: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  let i: usize = 0;
  const fours = bytes(k & ~3);
  for (; i < fours; i += 16) v128.store(out + i, f32x4.add(v128.load(out + i), f32x4.mul(f, v128.load(x + i))));
  const end = bytes(k);
  for (; i < end; i += 4) store<f32>(out + i, load<f32>(out + i) + factor * load<f32>(x + i));
}

export function gather(out: i32, entries: i32, n: i32, k: i32, at: i32): void {
  const o = bytes(out);
  let e = bytes(entries);
  let i = 0;
  // Two rows at a time: the sums are read and written half as often.
  for (; i + 1 < n; i += 2, e += 16) {
    const a = bytes(load<i32>(e) + at);
    const b = bytes(load<i32>(e, 8) + at);
    const fa = load<f32>(e, 4);
    const fb = load<f32>(e, 12);
    const va = f32x4.splat(fa);
    const vb = f32x4.splat(fb);
    let c: usize = 0;
    const fours = bytes(k & ~3);
    for (; c < fours; c += 16) {
      const both = f32x4.add(f32x4.mul(va, v128.load(a + c)), f32x4.mul(vb, v128.load(b + c)));
      v128.store(o + c, f32x4.add(v128.load(o + c), both));
    }
    const end = bytes(k);
    for (; c < end; c += 4) {
      store<f32>(o + c, load<f32>(o + c) + (fa * load<f32>(a + c) + fb * load<f32>(b + c)));
    }
  }
  if (i < n) axpyBytes(o, bytes(load<i32>(e) + at), k, load<f32>(e, 4));
}

export function scatter(entries: i32, n: i32, k: i32, at: i32, x: i32, scale: f32): void {
  let e = bytes(entries);
  for (let i = 0; i < n; i++, e += 8) axpyBytes(bytes(load<i32>(e) + at), bytes(x), k, load<f32>(e, 4) * scale);
}

export function logistic(at: i32, n: i32): void {
  const x = bytes(at);
  const one = f32x4.splat(1);
  let i: usize = 0;
  const fours = bytes(n & ~3);
  for (; i < fours; i += 16) v128.store(x + i, f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(v128.load(x + i))))));
  const end = bytes(n);
  for (; i < end; i += 4) store<f32>(x + i, 1 / (1 + exp1(-load<f32>(x + i))));
}

export function logisticGradient(gradient: i32, y: i32, n: i32): void {
  const g = bytes(gradient);
  const from = bytes(y);
  const one = f32x4.splat(1);
  let i: usize = 0;
  const fours = bytes(n & ~3);
  for (; i < fours; i += 16) {
    const v = v128.load(from + i);
    v128.store(g + i, f32x4.mul(f32x4.mul(v128.load(g + i), v), f32x4.sub(one, v)));
  }
  const end = bytes(n);
  for (; i < end; i += 4) {
    const v = load<f32>(from + i);
    store<f32>(g + i, load<f32>(g + i) * v * (1 - v));
  }
}

export function maskedOutputs(
  entries: i32,
  n: i32,
  k: i32,
  at: i32,
  gradientsAt: i32,
  x: i32,
  xGradient: i32,
): f64 {
  const from = bytes(x);
  const to = bytes(xGradient);
  const fours = bytes(k & ~3);
  const end = bytes(k);
  let total: f64 = 0;
  let e = bytes(entries);
  for (let i = 0; i < n; i++, e += 8) {
    const w = bytes(load<i32>(e) + at);
    const g = bytes(load<i32>(e) + gradientsAt);
    const error = dotBytes(from, w, k) + load<f32>(w + end) - load<f32>(e, 4);
    total += <f64>error * <f64>error;
    const s = f32x4.splat(error);
    let c: usize = 0;
    for (; c < fours; c += 16) {
      v128.store(to + c, f32x4.add(v128.load(to + c), f32x4.mul(s, v128.load(w + c))));
      v128.store(g + c, f32x4.add(v128.load(g + c), f32x4.mul(s, v128.load(from + c))));
    }
    for (; c < end; c += 4) {
      store<f32>(to + c, load<f32>(to + c) + error * load<f32>(w + c));
      store<f32>(g + c, load<f32>(g + c) + error * load<f32>(from + c));
    }
    store<f32>(g + end, load<f32>(g + end) + error);
  }
  return total;
}

export function softmax(out: i32, x: i32, weights: i32, biases: i32, k: i32, levels: i32): void {
  const o = bytes(out);
  const end = bytes(levels);
  let most: f32 = -Infinity;
  let row = bytes(weights);
  for (let l: usize = 0; l < end; l += 4, row += bytes(k)) {
    const value = load<f32>(bytes(biases) + l) + dotBytes(bytes(x), row, k);
    store<f32>(o + l, value);
    most = max(most, value);
  }
  let total: f32 = 0;
  for (let l: usize = 0; l < end; l += 4) {
    const value = exp1(load<f32>(o + l) - most);
    store<f32>(o + l, value);
    total += value;
  }
  for (let l: usize = 0; l < end; l += 4) store<f32>(o + l, load<f32>(o + l) / total);
}

export function adam(weights: i32, gradients: i32, m: i32, v: i32, n: i32, rate: f32, decay: f32): void {
  const w = bytes(weights);
  const g = bytes(gradients);
  const first = bytes(m);
  const second = bytes(v);
  const r = f32x4.splat(rate);
  const d = f32x4.splat(decay);
  let i: usize = 0;
  const fours = bytes(n & ~3);
  for (; i < fours; i += 16) {
    const weight = v128.load(w + i);
    const gradient = f32x4.add(v128.load(g + i), f32x4.mul(d, weight));
    const mean = f32x4.add(f32x4.mul(f32x4.splat(0.9), v128.load(first + i)), f32x4.mul(f32x4.splat(0.1), gradient));
    const square = f32x4.add(
      f32x4.mul(f32x4.splat(0.999), v128.load(second + i)),
      f32x4.mul(f32x4.splat(0.001), f32x4.mul(gradient, gradient)),
    );
    v128.store(first + i, mean);
    v128.store(second + i, square);
    v128.store(g + i, f32x4.splat(0));
    const step = f32x4.div(f32x4.mul(r, mean), f32x4.add(f32x4.sqrt(square), f32x4.splat(1e-7)));
    v128.store(w + i, f32x4.sub(weight, step));
  }
  const end = bytes(n);
  for (; i < end; i += 4) {
    const weight = load<f32>(w + i);
    const gradient = load<f32>(g + i) + decay * weight;
    const mean: f32 = <f32>0.9 * load<f32>(first + i) + <f32>0.1 * gradient;
    const square: f32 = <f32>0.999 * load<f32>(second + i) + <f32>0.001 * gradient * gradient;
    store<f32>(first + i, mean);
    store<f32>(second + i, square);
    store<f32>(g + i, 0);
    store<f32>(w + i, weight - (rate * mean) / (sqrt(square) + <f32>1e-7));
  }
}

export function ascend(
  weights: i32,
  gradients: i32,
  velocities: i32,
  n: i32,
  momentum: f32,
  rate: f32,
  decay: f32,
): void {
  const w = bytes(weights);
  const g = bytes(gradients);
  const v = bytes(velocities);
  const m = f32x4.splat(momentum);
  const r = f32x4.splat(rate);
  const d = f32x4.splat(decay);
  let i: usize = 0;
  const fours = bytes(n & ~3);
  for (; i < fours; i += 16) {
    const weight = v128.load(w + i);
    const pull = f32x4.mul(r, f32x4.sub(v128.load(g + i), f32x4.mul(d, weight)));
    const velocity = f32x4.add(f32x4.mul(m, v128.load(v + i)), pull);
    v128.store(v + i, velocity);
    v128.store(w + i, f32x4.add(weight, velocity));
    v128.store(g + i, f32x4.splat(0));
  }
  const end = bytes(n);
  for (; i < end; i += 4) {
    const weight = load<f32>(w + i);
    const velocity = momentum * load<f32>(v + i) + rate * (load<f32>(g + i) - decay * weight);
    store<f32>(v + i, velocity);
    store<f32>(w + i, weight + velocity);
    store<f32>(g + i, 0);
  }
}

export function sumRelu(out: i32, a: i32, b: i32, n: i32): void {
  const o = bytes(out);
  const x = bytes(a);
  const y = bytes(b);
  const zero = f32x4.splat(0);
  let i: usize = 0;
  const fours = bytes(n & ~3);
  for (; i < fours; i += 16) v128.store(o + i, f32x4.max(zero, f32x4.add(v128.load(x + i), v128.load(y + i))));
  const end = bytes(n);
  for (; i < end; i += 4) store<f32>(o + i, max<f32>(0, load<f32>(x + i) + load<f32>(y + i)));
}

/** Sixteen outputs at a time stay in registers while the inputs go by. */
export function dense(out: i32, x: i32, weights: i32, bias: i32, inputs: i32, outputs: i32, relu: i32): void {
  const from = bytes(x);
  const last = from + bytes(inputs);
  const stride = bytes(outputs);
  const least = f32x4.splat(relu != 0 ? 0 : -Infinity);
  let o: usize = 0;
  for (const wide = bytes(outputs & ~15); o < wide; o += 64) {
    const b = bytes(bias) + o;
    let s0 = v128.load(b);
    let s1 = v128.load(b, 16);
    let s2 = v128.load(b, 32);
    let s3 = v128.load(b, 48);
    let w = bytes(weights) + o;
    for (let i = from; i < last; i += 4, w += stride) {
      const f = v128.load32_splat(i);
      s0 = f32x4.add(s0, f32x4.mul(f, v128.load(w)));
      s1 = f32x4.add(s1, f32x4.mul(f, v128.load(w, 16)));
      s2 = f32x4.add(s2, f32x4.mul(f, v128.load(w, 32)));
      s3 = f32x4.add(s3, f32x4.mul(f, v128.load(w, 48)));
    }
    const to = bytes(out) + o;
    v128.store(to, f32x4.max(s0, least));
    v128.store(to, f32x4.max(s1, least), 16);
    v128.store(to, f32x4.max(s2, least), 32);
    v128.store(to, f32x4.max(s3, least), 48);
  }
  for (const fours = bytes(outputs & ~3); o < fours; o += 16) {
    let s = v128.load(bytes(bias) + o);
    let w = bytes(weights) + o;
    for (let i = from; i < last; i += 4, w += stride) s = f32x4.add(s, f32x4.mul(v128.load32_splat(i), v128.load(w)));
    v128.store(bytes(out) + o, f32x4.max(s, least));
  }
  for (; o < stride; o += 4) {
    let s = load<f32>(bytes(bias) + o);
    let w = bytes(weights) + o;
    for (let i = from; i < last; i += 4, w += stride) s += load<f32>(i) * load<f32>(w);
    store<f32>(bytes(out) + o, relu != 0 ? max<f32>(0, s) : s);
  }
}
