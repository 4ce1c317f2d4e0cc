import { bytes } from './bytes';

/**
 * Row by row of the upper triangle: each takes what the rows before it explain out of itself, sixteen columns at a time in
 * registers, and those that are eliminated are divided by the root of their pivot.
 */
export function eliminate(matrix: i32, n: i32, rows: i32, width: i32, stride: i32, floor: f32): bool {
  const first = bytes(matrix);
  const rowBytes = bytes(stride);
  for (let j = 0; j < rows; j++) {
    const row = first + <usize>j * rowBytes;
    const before = j < n ? j : n;
    let c = j & ~3;
    for (; c + 16 <= width; c += 16) takeSixteen(first, row, bytes(j), bytes(c), before, rowBytes);
    for (; c < width; c += 4) takeFour(first, row, bytes(j), bytes(c), before, rowBytes);
    if (j >= n) continue;
    const pivot = load<f32>(row + bytes(j));
    // NaN compares false.
    if (!(pivot > floor && pivot < Infinity)) return false;
    const inverse: f32 = 1 / sqrt(pivot);
    const factor = f32x4.splat(inverse);
    for (c = j & ~3; c < width; c += 4) {
      const at = row + bytes(c);
      v128.store(at, f32x4.mul(v128.load(at), factor));
    }
    store<f32>(row + bytes(j), inverse);
  }
  return true;
}

// @ts-ignore: decorator
@inline
function takeSixteen(first: usize, row: usize, column: usize, c: usize, before: i32, rowBytes: usize): void {
  const at = row + c;
  let s0 = v128.load(at);
  let s1 = v128.load(at, 16);
  let s2 = v128.load(at, 32);
  let s3 = v128.load(at, 48);
  let other = first;
  for (let k = 0; k < before; k++) {
    const factor = v128.load32_splat(other + column);
    s0 = f32x4.sub(s0, f32x4.mul(factor, v128.load(other + c)));
    s1 = f32x4.sub(s1, f32x4.mul(factor, v128.load(other + c, 16)));
    s2 = f32x4.sub(s2, f32x4.mul(factor, v128.load(other + c, 32)));
    s3 = f32x4.sub(s3, f32x4.mul(factor, v128.load(other + c, 48)));
    other += rowBytes;
  }
  v128.store(at, s0);
  v128.store(at, s1, 16);
  v128.store(at, s2, 32);
  v128.store(at, s3, 48);
}

// @ts-ignore: decorator
@inline
function takeFour(first: usize, row: usize, column: usize, c: usize, before: i32, rowBytes: usize): void {
  const at = row + c;
  let s = v128.load(at);
  let other = first;
  for (let k = 0; k < before; k++) {
    s = f32x4.sub(s, f32x4.mul(v128.load32_splat(other + column), v128.load(other + c)));
    other += rowBytes;
  }
  v128.store(at, s);
}
