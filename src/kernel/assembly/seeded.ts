import { bytes } from './bytes';

const golden: i32 = 0x9e3779b9;

// @ts-ignore: decorator
@inline
function mix(value: v128): v128 {
  let h = i32x4.mul(v128.xor(value, i32x4.shr_u(value, 16)), i32x4.splat(0x85ebca6b));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 13)), i32x4.splat(0xc2b2ae35));
  return v128.xor(h, i32x4.shr_u(h, 16));
}

/** Of two draws of 32 bits each, in doubles: exact up to the one rounding of the product. */
// @ts-ignore: decorator
@inline
function scaled(a: v128, b: v128, scale: v128): v128 {
  const sum = f64x2.add(f64x2.convert_low_i32x4_u(a), f64x2.convert_low_i32x4_u(b));
  return f64x2.mul(f64x2.sub(sum, f64x2.splat(4294967296.0)), scale);
}

export function seeded(out: i32, k: i32, seed: i32, deviation: f64): void {
  const o = bytes(out);
  const scale = f64x2.splat((deviation * sqrt<f64>(6.0)) / 4294967296.0);
  const second = i32x4.splat(golden);
  const step = i32x4.splat(8 * golden);
  let draw = i32x4.add(i32x4.splat(seed), i32x4.mul(i32x4(1, 3, 5, 7), second));
  const end = bytes(k);
  for (let i: usize = 0; i < end; i += 16, draw = i32x4.add(draw, step)) {
    const a = mix(draw);
    const b = mix(i32x4.add(draw, second));
    const low = f32x4.demote_f64x2_zero(scaled(a, b, scale));
    const high = f32x4.demote_f64x2_zero(
      scaled(v128.shuffle<u32>(a, a, 2, 3, 2, 3), v128.shuffle<u32>(b, b, 2, 3, 2, 3), scale),
    );
    const four = v128.shuffle<u32>(low, high, 0, 1, 4, 5);
    if (i + 16 <= end) v128.store(o + i, four);
    else {
      store<f32>(o + i, f32x4.extract_lane(four, 0));
      if (i + 4 < end) store<f32>(o + i, f32x4.extract_lane(four, 1), 4);
      if (i + 8 < end) store<f32>(o + i, f32x4.extract_lane(four, 2), 8);
    }
  }
}
