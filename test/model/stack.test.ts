import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/adapters/synthetic/seeded-random.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { createPlainKernel } from '../../src/kernel/plain.ts';
import { allInputs, plainInputs, posteriorInputs } from '../../src/model/context.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import { SharedSums } from '../../src/model/shared-sums.ts';
import { Stack, stackCells, stackStateCells } from '../../src/model/stack.ts';

function newStack(kernel: Kernel = createPlainKernel(), settings = defaultSettings) {
  const sums = new SharedSums(stackCells, kernel.memory);
  const state = kernel.memory.allocate(2 * stackStateCells);
  return { sums, state: state.doubles, stack: new Stack(settings, kernel, sums, 0, state) };
}

/** Inputs with a constant, and an error that three of them explain. */
function feed(stack: Stack, events: number, seed = 1, refresh: () => void = () => undefined): void {
  const { normal } = seededRandom(seed);
  for (let n = 0; n < events; n++) {
    const x = stack.inputs;
    for (let i = 0; i < allInputs; i++) x[i] = i === 0 ? 1 : normal();
    stack.learn(0.2 + 0.5 * x[1]! - 0.3 * x[20]!, 1, refresh);
  }
}
/** What the stack adds for one input of 1 and the others 0. */
function weightOf(stack: Stack, at: number): number {
  stack.inputs.fill(0);
  stack.inputs[at] = 1;
  return stack.correction();
}

describe('stack', () => {
  it('corrects nothing before it has learned', () => {
    const { stack } = newStack();
    stack.inputs.fill(1);
    expect(stack.correction()).toBe(0);
  });

  it('finds the weights that explain the error, up to what the ridge takes', () => {
    const { stack } = newStack();
    feed(stack, 4000);
    expect(weightOf(stack, 0)).toBeCloseTo(0.2, 2);
    expect(weightOf(stack, 1)).toBeCloseTo(0.5, 2);
    expect(weightOf(stack, 20)).toBeCloseTo(-0.3, 2);
    expect(Math.abs(weightOf(stack, 30))).toBeLessThan(0.01);
  });

  it('uses the leading inputs only at the fast effort', () => {
    const { stack, state } = newStack(createPlainKernel(), { ...defaultSettings, effort: 'fast' });
    feed(stack, 1000);
    expect(weightOf(stack, 1)).toBeCloseTo(0.5, 1);
    expect(weightOf(stack, 20)).toBe(0);
    expect([...state.subarray(plainInputs, allInputs)].every((weight) => weight === 0)).toBe(true);
  });

  it('solves every 8 events at first, every 32 after 512, and refreshes the shares before it does', () => {
    const { stack, state } = newStack();
    const solvedAt: number[] = [];
    feed(stack, 600, 1, () => solvedAt.push(state[posteriorInputs]!));
    const due = [...Array.from({ length: 63 }, (_, n) => 8 * (n + 1)), 512, 544, 576];
    expect(solvedAt).toEqual(due);
  });

  it('solves every 8 events with the inputs of full effort, which come after those of balanced', () => {
    const { stack, state } = newStack();
    feed(stack, 1000);
    const solvedAt: number[] = [];
    stack.use('full');
    feed(stack, 40, 2, () => solvedAt.push(state[posteriorInputs]!));
    expect(solvedAt).toEqual([1008, 1016, 1024, 1032, 1040]);
    expect(weightOf(stack, 1)).toBeCloseTo(0.5, 1);
    stack.use('fast');
    expect(weightOf(stack, 1)).toBeCloseTo(0.5, 1);
    expect(weightOf(stack, 20)).toBe(0);
  });

  it('keeps its weights when a solve fails', () => {
    let isBroken = false;
    const plain = createPlainKernel();
    const kernel: Kernel = { ...plain, solve: (...args) => !isBroken && plain.solve(...args) };
    const { stack, state } = newStack(kernel);
    feed(stack, 80);
    const before = [...state.subarray(0, allInputs)];
    isBroken = true;
    feed(stack, 80, 2);
    expect([...state.subarray(0, allInputs)]).toEqual(before);
  });

  it('learns from the shares of others as from its own', () => {
    const [first, second] = [newStack(), newStack()];
    feed(first.stack, 2000, 1);
    feed(second.stack, 8, 2, () => second.sums.rest.set(first.sums.own));
    expect(weightOf(second.stack, 1)).toBeCloseTo(0.5, 2);
  });
});
