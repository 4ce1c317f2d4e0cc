import { describe, expect, it } from 'vitest';
import { chance } from '../../src/train/chance.ts';
import { fitStack, type Answers, type Context } from '../../src/train/stack.ts';

const count = 4000;
const rated = chance(3);
const numbers = (deviation: number): Float64Array =>
  Float64Array.from({ length: count }, () => deviation * rated.centred());
const truth = numbers(1).map((value) => 3 + value);
const noise = [numbers(0.5), numbers(0.5)];
const context: Context = { user: numbers(1), item: numbers(1) };
const ratings = Float32Array.from(truth);
const rmse = (of: (n: number) => number): number =>
  Math.sqrt(truth.reduce((sum, value, n) => sum + (of(n) - value) ** 2, 0) / count);
const plus = (n: number, noises: readonly Float64Array[]): number =>
  truth[n]! + noises.reduce((sum, values) => sum + values[n]!, 0);
const answersOf = (...of: ((n: number) => number)[]): Answers =>
  of.map((answer) => Float64Array.from({ length: count }, (_, n) => answer(n)));

describe('the stack of models', () => {
  it('finds the best weights of models with independent errors', () => {
    const answers = answersOf(
      () => 3,
      (n) => plus(n, [noise[0]!]),
      (n) => plus(n, [noise[1]!]),
    );
    const stack = fitStack(answers, context, ratings);
    // Two errors of variance .25 beside a signal of 1: the best linear answer leaves 1 / (1 + 2 / .25).
    expect(rmse((n) => stack.answer(answers, context, n))).toBeCloseTo(Math.sqrt(1 / 9), 1);
    const [first, second] = [stack.weights[0]!, stack.weights[3]!];
    expect(first).toBeCloseTo(4 / 9, 1);
    expect(second).toBeCloseTo(4 / 9, 1);
  });

  it('trusts a model where it is good', () => {
    const answers = answersOf(
      () => 3,
      (n) => plus(n, context.user[n]! > 0 ? [] : [noise[0]!, noise[1]!]),
    );
    const stack = fitStack(answers, context, ratings);
    expect(stack.weights[1]).toBeGreaterThan(0.05);
    expect(rmse((n) => stack.answer(answers, context, n))).toBeLessThan(rmse((n) => answers[1]![n]!));
  });

  it('is the mean of the models while it knows nothing', () => {
    const answers = answersOf(
      () => 3,
      () => 4,
      () => 5,
    );
    const stack = fitStack(answers, context, new Float32Array(0));
    expect(stack.answer(answers, context, 0)).toBeCloseTo(4.5, 12);
  });
});
