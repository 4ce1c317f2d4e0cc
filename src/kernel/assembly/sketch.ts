import { bytes } from './bytes';

/** Two 16-bit counts in a cell. */
export function sketchDot(a: i32, b: i32, cells: i32): i32 {
  const x = bytes(a);
  const y = bytes(b);
  let s = i32x4.splat(0);
  let t = i32x4.splat(0);
  let i: usize = 0;
  const eights = bytes(cells & ~7);
  for (; i < eights; i += 32) {
    s = i32x4.add(s, i32x4.dot_i16x8_s(v128.load(x + i), v128.load(y + i)));
    t = i32x4.add(t, i32x4.dot_i16x8_s(v128.load(x + i, 16), v128.load(y + i, 16)));
  }
  s = i32x4.add(s, t);
  let result =
    i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1) + i32x4.extract_lane(s, 2) + i32x4.extract_lane(s, 3);
  const end = bytes(cells);
  for (; i < end; i += 2) result += <i32>load<i16>(x + i) * <i32>load<i16>(y + i);
  return result;
}

/** Of one sketch with those of many rows, and one number of each of these. */
export function sketchDots(
  sketch: i32,
  rows: i32,
  n: i32,
  sketchAt: i32,
  cells: i32,
  numberAt: i32,
  dots: i32,
  numbers: i32,
): void {
  for (let i = 0; i < n; i++) {
    const row = load<i32>(bytes(rows + i));
    if (row == 0) continue;
    const dot = bytes(dots + i);
    store<f32>(dot, load<f32>(dot) + <f32>sketchDot(sketch, row + sketchAt, cells));
    const number = bytes(numbers + i);
    store<f32>(number, load<f32>(number) + load<f32>(bytes(row + numberAt)));
  }
}

export function sketchAdd(out: i32, a: i32, cells: i32): void {
  const o = bytes(out);
  const x = bytes(a);
  let i: usize = 0;
  const fours = bytes(cells & ~3);
  for (; i < fours; i += 16) v128.store(o + i, i16x8.add(v128.load(o + i), v128.load(x + i)));
  const end = bytes(cells);
  for (; i < end; i += 2) store<i16>(o + i, load<i16>(o + i) + load<i16>(x + i));
}
