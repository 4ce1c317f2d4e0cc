/** Cells are four bytes. */
// @ts-ignore: decorator
@inline
export function bytes(cells: i32): usize {
  return <usize>(<u32>cells) << 2;
}

/** The sum of four lanes, always in the same order. */
// @ts-ignore: decorator
@inline
export function lanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** Lane sums of four vectors as one vector, by transposing them. */
// @ts-ignore: decorator
@inline
export function lanesOfFour(a: v128, b: v128, c: v128, d: v128): v128 {
  const abLow = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdLow = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  const first = v128.shuffle<f32>(abLow, cdLow, 0, 1, 4, 5);
  const second = v128.shuffle<f32>(abLow, cdLow, 2, 3, 6, 7);
  const third = v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5);
  const fourth = v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7);
  return f32x4.add(f32x4.add(first, second), f32x4.add(third, fourth));
}
