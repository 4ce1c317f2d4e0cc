import { bytes } from './bytes';
import { dotBytes } from './vectors';

/** Packed lower triangle, row by row: every inner loop is a dot product of two contiguous rows. */
export function factor(a: i32, d: i32, floor: f32): bool {
  let row = bytes(a);
  for (let i = 0; i < d; i++) {
    let other = bytes(a);
    for (let j = 0; j < i; j++) {
      const at = row + bytes(j);
      store<f32>(at, (load<f32>(at) - dotBytes(row, other, j)) * load<f32>(other + bytes(j)));
      other += bytes(j + 1);
    }
    const at = row + bytes(i);
    const pivot = load<f32>(at) - dotBytes(row, row, i);
    // NaN compares false.
    if (!(pivot > floor && pivot < Infinity)) return false;
    store<f32>(at, 1 / sqrt(pivot));
    row += bytes(i + 1);
  }
  return true;
}

export function forward(l: i32, b: i32, d: i32): void {
  let row = bytes(l);
  const x = bytes(b);
  for (let i = 0; i < d; i++) {
    const at = x + bytes(i);
    store<f32>(at, (load<f32>(at) - dotBytes(row, x, i)) * load<f32>(row + bytes(i)));
    row += bytes(i + 1);
  }
}
