import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { ridgeScratchCells } from '../../src/kernel/network-kernel.ts';
import { floats, Operands, rowsOf, sizes, sum, type Operand } from './kernel-rows.ts';

const dotOf = (a: readonly number[], b: readonly number[]): number => sum(a.map((value, i) => value * b[i]!));
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** Every value within `bound`. */
function expectNear(found: readonly number[], exact: readonly number[], bound: number): void {
  expect(found.length).toBe(exact.length);
  found.forEach((value, i) => expect(Math.abs(value - exact[i]!)).toBeLessThanOrEqual(bound));
}

export function networkLaws(kernel: Kernel): void {
  const operands = new Operands(kernel);

  /** Entries over rows, as kernels take them. */
  function entriesOf(rows: readonly Operand[], picks: readonly (readonly [row: number, factor: number])[]): Operand {
    const operand = operands.words(picks.flatMap(([row]) => [rows[row]!.address, 0]));
    picks.forEach(
      ([, factor], e) => (operand.block.floats[operand.address - operand.block.address + 2 * e + 1] = factor),
    );
    return operand;
  }

  const picksOf = (rows: number) =>
    fc.array(fc.tuple(fc.nat(rows - 1), fc.float({ min: -2, max: 2, noNaN: true })), { maxLength: 7 });
  const rows = 3;

  it('gather adds the rows of the entries, scatter adds to them, the same row twice too', () => {
    fc.assert(
      fc.property(rowsOf(rows + 1), picksOf(rows), fc.nat(9), ([x, ...contents], picks, cut) => {
        const at = Math.min(cut, x!.length);
        const k = x!.length - at;
        const held = contents.map((row) => operands.floats(row));
        const out = operands.floats(x!.slice(0, k));
        const entries = entriesOf(held, picks);
        kernel.gather(out.address, entries.address, picks.length, k, at);
        const gathered = Array.from(
          { length: k },
          (_, i) => x![i]! + sum(picks.map(([row, factor]) => factor * contents[row]![at + i]!)),
        );
        expectNear(out.now(), gathered, 1e-5);
        const y = operands.floats(x!.slice(0, k));
        kernel.scatter(entries.address, picks.length, k, at, y.address, -0.5);
        held.forEach((row, r) => {
          const added = sum(picks.filter(([to]) => to === r).map(([, factor]) => -0.5 * factor));
          const exact = contents[r]!.map((value, i) => (i < at ? value : value + added * x![i - at]!));
          expectNear(row.now(), exact, 1e-5);
        });
        operands.finish();
      }),
    );
  });

  it('logistic is within 1e-6, at the ends too, and its gradient is that of finite differences', () => {
    const wide = fc.array(fc.float({ min: -200, max: 200, noNaN: true }), { maxLength: 67 });
    fc.assert(
      fc.property(wide, (values) => {
        const x = operands.floats(values);
        kernel.logistic(x.address, values.length);
        expectNear(x.now(), values.map(logistic), 1e-6);
        const gradient = operands.floats(values.map(() => 2));
        kernel.logisticGradient(gradient.address, x.address, values.length);
        const h = 1e-4;
        const slopes = values.map((value) => (logistic(value + h) - logistic(value - h)) / h);
        expectNear(gradient.now(), slopes, 1e-5);
        operands.finish();
      }),
    );
  });

  it('maskedOutputs gives the loss, and gradients that are those of finite differences', () => {
    const cases = fc.integer({ min: 1, max: 35 }).chain((k) =>
      fc.record({
        x: floats(k),
        weights: fc.array(floats(k + 1), { minLength: rows, maxLength: rows }),
        picks: picksOf(rows),
      }),
    );
    fc.assert(
      fc.property(cases, ({ x, weights, picks }) => {
        const k = x.length;
        // A row: weights, bias, gap of two, gradients of both.
        const held = weights.map((row) => operands.floats([...row, 7, 7, ...row.map(() => 0)]));
        const [input, inputGradient] = [operands.floats(x), operands.floats(x.map(() => 0))];
        const entries = entriesOf(held, picks);
        const total = kernel.maskedOutputs(
          entries.address,
          picks.length,
          k,
          0,
          k + 3,
          input.address,
          inputGradient.address,
        );
        const at = { x: [...x], weights: weights.map((row) => [...row]) };
        const loss = (): number =>
          sum(
            picks.map(([row, target]) => {
              const weight = at.weights[row]!;
              return (dotOf(at.x, weight.slice(0, k)) + weight[k]! - target) ** 2;
            }),
          );
        expect(Math.abs(total - loss())).toBeLessThanOrEqual(1e-5 * (1 + loss()));
        const slopes = (values: number[]): number[] =>
          values.map((middle, i) => {
            const h = 1e-4;
            values[i] = middle + h;
            const above = loss();
            values[i] = middle - h;
            const below = loss();
            values[i] = middle;
            return (above - below) / (4 * h);
          });
        const bound = 1e-5 * (1 + loss()) * k;
        expectNear(inputGradient.now(), slopes(at.x), bound);
        held.forEach((row, r) => expectNear(row.now(), [...weights[r]!, 7, 7, ...slopes(at.weights[r]!)], bound));
        operands.finish();
      }),
    );
  });

  it('softmax gives probabilities, of far apart scores too', () => {
    const cases = fc
      .tuple(fc.nat(35), fc.integer({ min: 1, max: 10 }), fc.constantFrom(1, 40))
      .chain(([k, levels, scale]) =>
        fc.record({ x: floats(k), rows: floats(k * levels), biases: floats(levels), scale: fc.constant(scale) }),
      );
    fc.assert(
      fc.property(cases, ({ x, rows: weights, biases, scale }) => {
        const [k, levels] = [x.length, biases.length];
        const scaled = biases.map((bias) => bias * scale);
        const scores = scaled.map((bias, l) => bias + dotOf(x, weights.slice(l * k, (l + 1) * k)));
        const most = Math.max(...scores);
        const total = sum(scores.map((score) => Math.exp(score - most)));
        const out = operands.floats(biases.map(() => 0));
        const [input, held, bias] = [x, weights, scaled].map((values) => operands.floats(values));
        kernel.softmax(out.address, input!.address, held!.address, bias!.address, k, levels);
        const bound = 1e-6 * (1 + Math.max(...scores.map(Math.abs)));
        expectNear(
          out.now(),
          scores.map((score) => Math.exp(score - most) / total),
          10 * bound,
        );
        operands.finish();
      }),
    );
  });

  const rate = fc.double({ min: 0.001, max: 0.1, noNaN: true });

  it('adam takes the step of the paper, and clears the gradients', () => {
    fc.assert(
      fc.property(rowsOf(4), rate, rate, (rowsBefore, rateOf, decay) => {
        const [w, g, m, root] = rowsBefore as [number[], number[], number[], number[]];
        const v = root.map((value) => Math.fround(value * value));
        const [weights, gradients, means, squares] = [w, g, m, v].map((row) => operands.floats(row));
        kernel.adam(weights!.address, gradients!.address, means!.address, squares!.address, w.length, rateOf, decay);
        const gradient = g.map((value, i) => value + decay * w[i]!);
        const mean = m.map((value, i) => 0.9 * value + 0.1 * gradient[i]!);
        const square = v.map((value, i) => 0.999 * value + 0.001 * gradient[i]! ** 2);
        expectNear(means!.now(), mean, 1e-6);
        expectNear(squares!.now(), square, 1e-6);
        expect(gradients!.now()).toEqual(g.map(() => 0));
        weights!.now().forEach((value, i) => {
          const step = (rateOf * mean[i]!) / (Math.sqrt(square[i]!) + 1e-7);
          expect(Math.abs(value - (w[i]! - step))).toBeLessThanOrEqual(1e-6 + 1e-5 * Math.abs(step));
        });
        operands.finish();
      }),
    );
  });

  it('ascend moves along the gradient with momentum and decay, and clears the gradients', () => {
    fc.assert(
      fc.property(rowsOf(3), rate, rate, (rowsBefore, rateOf, decay) => {
        const [w, g, d] = rowsBefore as [number[], number[], number[]];
        const [weights, gradients, velocities] = [w, g, d].map((row) => operands.floats(row));
        kernel.ascend(weights!.address, gradients!.address, velocities!.address, w.length, 0.9, rateOf, decay);
        const velocity = d.map((value, i) => 0.9 * value + rateOf * (g[i]! - decay * w[i]!));
        expectNear(velocities!.now(), velocity, 1e-6);
        expectNear(
          weights!.now(),
          w.map((value, i) => value + velocity[i]!),
          1e-6,
        );
        expect(gradients!.now()).toEqual(g.map(() => 0));
        operands.finish();
      }),
    );
  });

  it('dense is a layer, and sumRelu what is left of one whose halves are known', () => {
    const layers = fc
      .tuple(sizes, sizes)
      .chain(([inputs, outputs]) => fc.tuple(floats(inputs), floats(inputs * outputs), floats(outputs)));
    fc.assert(
      fc.property(layers, ([x, w, b]) => {
        const outputs = b.length;
        const exact = b.map(
          (bias, o) =>
            bias +
            dotOf(
              x,
              x.map((_, i) => w[i * outputs + o]!),
            ),
        );
        const [input, weights, bias, out] = [x, w, b, b].map((values) => operands.floats(values));
        const layer = (relu: number): number[] => {
          kernel.dense(out!.address, input!.address, weights!.address, bias!.address, x.length, outputs, relu);
          return out!.now();
        };
        expectNear(layer(0), exact, 1e-4);
        expectNear(
          layer(1),
          exact.map((value) => Math.max(0, value)),
          1e-4,
        );
        kernel.sumRelu(out!.address, bias!.address, bias!.address, outputs);
        expect(out!.now()).toEqual(b.map((value) => Math.max(0, 2 * value)));
        operands.finish();
      }),
    );
  });

  it('ridge finds weights at which the penalized squared error has no slope, and leaves them when there are none', () => {
    const cases = fc.constantFrom(4, 8, 16).chain((k) =>
      fc.record({
        rows: fc.array(floats(k + 1), { minLength: 1, maxLength: 5 }),
        picks: fc.array(fc.tuple(fc.nat(4), fc.float({ min: 1, max: 5, noNaN: true })), { maxLength: 70 }),
        noise: fc.double({ min: 0.1, max: 2, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ rows: contents, picks, noise }) => {
        const k = contents[0]!.length - 1;
        const chosen = picks.map(([row, y]) => [row % contents.length, y] as const);
        const held = contents.map((row) => operands.floats([...row, 7, 7, 7]));
        const [weights, scratch] = [k, ridgeScratchCells(picks.length, k)].map((cells) =>
          operands.floats(Array.from({ length: cells }, () => 9)),
        );
        const entries = entriesOf(held, chosen).address;
        expect(kernel.ridge(weights!.address, entries, picks.length, k, noise, scratch!.address)).toBe(true);
        const w = weights!.now();
        const errors = chosen.map(([row, y]) => y - contents[row]![k]! - dotOf(w, contents[row]!.slice(0, k)));
        const slopes = w.map(
          (weight, i) => noise * weight - sum(chosen.map(([row], e) => contents[row]![i]! * errors[e]!)),
        );
        // Weights are rounded to float32: by that, and by the curvature there, a slope may be off.
        const curvature =
          noise + sum(chosen.map(([row]) => dotOf(contents[row]!.slice(0, k), contents[row]!.slice(0, k))));
        const bound = 1e-6 * curvature * (1 + Math.max(...w.map(Math.abs)));
        expectNear(
          slopes,
          w.map(() => 0),
          bound,
        );
        expect(kernel.ridge(weights!.address, entries, 0, k, -1, scratch!.address)).toBe(false);
        expect(weights!.now()).toEqual(w);
        operands.finish();
      }),
    );
  });
}
