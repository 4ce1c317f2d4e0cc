/** The same cells as pairs of 16-bit counts. */
export const shortsOf = (cells: Float32Array): Int16Array =>
  new Int16Array(cells.buffer, cells.byteOffset, 2 * cells.length);
