/** Where each parameter of a network stands in its list of numbers, and what it begins with. */
import type { Chance } from './chance.ts';
import type { Definition } from './definition.ts';

export interface Part {
  readonly name: string;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

export interface Layout {
  readonly parameters: readonly Part[];
  readonly moments: readonly Part[];
}

export function layoutOf(definition: Definition, d: number): Layout {
  return {
    parameters: parts([
      ...definition
        .dense(d)
        .flatMap(({ name, inputs, units }) => [
          [`${name}.kernel`, [inputs, units]] as const,
          [`${name}.bias`, [units]] as const,
        ]),
      ...definition.norms.flatMap(({ name, units }) => [
        [`${name}.gamma`, [units]] as const,
        [`${name}.beta`, [units]] as const,
      ]),
    ]),
    moments: parts(
      definition.norms.flatMap(({ name, units }) => [
        [`${name}.mean`, [units]] as const,
        [`${name}.variance`, [units]] as const,
      ]),
    ),
  };
}

function parts(shapes: readonly (readonly [name: string, shape: readonly number[]])[]): Part[] {
  let end = 0;
  return shapes.map(([name, shape]) => {
    const from = end;
    end += shape.reduce((size, length) => size * length, 1);
    return { name, shape, from, to: end };
  });
}

export const lengthOf = (parts: readonly Part[]): number => parts.at(-1)?.to ?? 0;

/** Kernels begin with deviation √(2 / inputs) [He15] unless they are given, gammas with 1, everything else with 0. */
export function initialParameters(definition: Definition, d: number, chance: Chance): Float32Array {
  const { parameters } = layoutOf(definition, d);
  const values = new Float32Array(lengthOf(parameters));
  for (const { name, shape, from, to } of parameters) {
    if (name.endsWith('.gamma')) values.fill(1, from, to);
    const given = name === 'out.kernel' ? definition.firstOut?.(d) : undefined;
    if (given !== undefined) values.set(given, from);
    if (!name.endsWith('.kernel') || given !== undefined) continue;
    const deviation = Math.sqrt(2 / shape[0]!);
    for (let n = from; n < to; n++) values[n] = deviation * chance.centred();
  }
  return values;
}

/** The decay of each parameter: kernels decay, but not the last one, which begins as it should be. */
export function decaysOf(parts: readonly Part[], decay: number): Float32Array {
  const decays = new Float32Array(lengthOf(parts));
  for (const { name, from, to } of parts) {
    if (name.endsWith('.kernel') && name !== 'out.kernel') decays.fill(decay, from, to);
  }
  return decays;
}
