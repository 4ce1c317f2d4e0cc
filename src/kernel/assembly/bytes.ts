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
