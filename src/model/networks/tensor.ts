/** What a network is made of: float32 numbers, row-major. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** By name, as in docs/models.md. */
export type Tensors = ReadonlyMap<string, Tensor>;

export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);
