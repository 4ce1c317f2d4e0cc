import { bytes, lanes } from './bytes';
import { dotBytes } from './vectors';

/** p += userRate (e q - λ p), own += itemRate (e p - λ q), both with the p from before. */
// @ts-ignore: decorator
@inline
function move(p: usize, q: usize, own: usize, k: i32, userStep: f32, userDecay: f32, itemStep: f32, itemDecay: f32): void {
  const us = f32x4.splat(userStep);
  const ud = f32x4.splat(userDecay);
  const is = f32x4.splat(itemStep);
  const id = f32x4.splat(itemDecay);
  let i: usize = 0;
  const fours = bytes(k & ~3);
  for (; i < fours; i += 16) {
    const vp = v128.load(p + i);
    const vq = v128.load(q + i);
    v128.store(p + i, f32x4.add(vp, f32x4.sub(f32x4.mul(us, vq), f32x4.mul(ud, vp))));
    v128.store(own + i, f32x4.add(v128.load(own + i), f32x4.sub(f32x4.mul(is, vp), f32x4.mul(id, vq))));
  }
  const end = bytes(k);
  for (; i < end; i += 4) {
    const pf = load<f32>(p + i);
    const qf = load<f32>(q + i);
    store<f32>(p + i, pf + (userStep * qf - userDecay * pf));
    store<f32>(own + i, load<f32>(own + i) + (itemStep * pf - itemDecay * qf));
  }
}

export function sgdStep(
  p: i32,
  q: i32,
  own: i32,
  k: i32,
  residual: f64,
  userRate: f64,
  itemRate: f64,
  regularization: f64,
): void {
  const error = residual - <f64>dotBytes(bytes(p), bytes(q), k);
  move(
    bytes(p),
    bytes(q),
    bytes(own),
    k,
    <f32>(userRate * error),
    <f32>(userRate * regularization),
    <f32>(itemRate * error),
    <f32>(itemRate * regularization),
  );
}

// @ts-ignore: decorator
@inline
function rateOf(count: f64, first: f64, floor: f64, halfCount: f64): f64 {
  return max(floor, first / (1 + max(count, 0) / halfCount));
}

/** p·(rest + own). */
// @ts-ignore: decorator
@inline
function dotSum(p: usize, rest: usize, own: usize, k: i32): f32 {
  let s = f32x4.splat(0);
  let t = f32x4.splat(0);
  let i: usize = 0;
  const eights = bytes(k & ~7);
  for (; i < eights; i += 32) {
    s = f32x4.add(s, f32x4.mul(v128.load(p + i), f32x4.add(v128.load(rest + i), v128.load(own + i))));
    t = f32x4.add(t, f32x4.mul(v128.load(p + i, 16), f32x4.add(v128.load(rest + i, 16), v128.load(own + i, 16))));
  }
  if (k & 4) {
    s = f32x4.add(s, f32x4.mul(v128.load(p + i), f32x4.add(v128.load(rest + i), v128.load(own + i))));
    i += 16;
  }
  let result = lanes(f32x4.add(s, t));
  const end = bytes(k);
  for (; i < end; i += 4) result += load<f32>(p + i) * (load<f32>(rest + i) + load<f32>(own + i));
  return result;
}

export function replay(
  p: i32,
  entries: i32,
  n: i32,
  k: i32,
  base: f64,
  itemDamping: f64,
  userRate: f64,
  first: f64,
  floor: f64,
  halfCount: f64,
  regularization: f64,
): void {
  const user = bytes(p);
  const size = bytes(k);
  const end = bytes(entries) + bytes(n << 2);
  for (let entry = bytes(entries); entry < end; entry += 16) {
    const rest = bytes(load<i32>(entry));
    const own = bytes(load<i32>(entry, 4));
    const rating = <f64>load<f32>(entry, 8);
    const weight = min(<f64>load<f32>(entry, 12), 1);
    const residualSum = <f64>(load<f32>(rest + size) + load<f32>(own + size));
    const weightSum = <f64>(load<f32>(rest + size, 4) + load<f32>(own + size, 4));
    const residual = rating - base - residualSum / (weightSum + itemDamping);
    const error = residual - <f64>dotSum(user, rest, own, k);
    const itemRate = rateOf(weightSum, first, floor, halfCount) * weight;
    moveSum(
      user,
      rest,
      own,
      k,
      <f32>(userRate * weight * error),
      <f32>(userRate * weight * regularization),
      <f32>(itemRate * error),
      <f32>(itemRate * regularization),
    );
  }
}

/** `move` for q = rest + own. */
// @ts-ignore: decorator
@inline
function moveSum(p: usize, rest: usize, own: usize, k: i32, userStep: f32, userDecay: f32, itemStep: f32, itemDecay: f32): void {
  const us = f32x4.splat(userStep);
  const ud = f32x4.splat(userDecay);
  const is = f32x4.splat(itemStep);
  const id = f32x4.splat(itemDecay);
  let i: usize = 0;
  const fours = bytes(k & ~3);
  for (; i < fours; i += 16) {
    const vp = v128.load(p + i);
    const vo = v128.load(own + i);
    const vq = f32x4.add(v128.load(rest + i), vo);
    v128.store(p + i, f32x4.add(vp, f32x4.sub(f32x4.mul(us, vq), f32x4.mul(ud, vp))));
    v128.store(own + i, f32x4.add(vo, f32x4.sub(f32x4.mul(is, vp), f32x4.mul(id, vq))));
  }
  const end = bytes(k);
  for (; i < end; i += 4) {
    const pf = load<f32>(p + i);
    const ownCell = load<f32>(own + i);
    const qf = load<f32>(rest + i) + ownCell;
    store<f32>(p + i, pf + (userStep * qf - userDecay * pf));
    store<f32>(own + i, ownCell + (itemStep * pf - itemDecay * qf));
  }
}
