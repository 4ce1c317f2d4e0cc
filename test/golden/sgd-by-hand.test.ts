import { expect, it } from 'vitest';
import { createKernel } from '../../src/kernel/choose.ts';
import type { Block } from '../../src/kernel/row-memory.ts';

/**
 * Three steps of e = r - p·q; p += η_u (e q - λ p); q += η_i (e p - λ q), with p from before the step in both, by hand for
 * p = (1, 0), q = (1/2, 1/2), η_u = 1/2, η_i = 1/4, λ = 1/2:
 *
 * r = 1: p·q = 1/2, e = 1/2
 *   p += 1/2 ((1/4, 1/4) - (1/2, 0)) = (-1/8, 1/8)                     p = (.875, .125)
 *   q += 1/4 ((1/2, 0) - (1/4, 1/4)) = (1/16, -1/16)                   q = (.5625, .4375)
 * r = 0: p·q = .4921875 + .0546875 = .546875, e = -.546875
 *   p += 1/2 ((-.3076171875, -.2392578125) - (.4375, .0625))           p = (.50244140625, -.02587890625)
 *   q += 1/4 ((-.478515625, -.068359375) - (.28125, .21875))           q = (.37255859375, .36572265625)
 * r = 2: p·q = .1871888638 - .0094645023 = .1777243614, e = 1.8222756386
 *   p += 1/2 ((.6789044488, .6664474906) - (.2512207031, -.0129394531))  p = (.7162832794, .3138145638)
 *   q += 1/4 ((.9155867346, -.0471585004) - (.1862792969, .1828613281))  q = (.5548854531, .3082176991)
 */
const steps: readonly { readonly residual: number; readonly p: number[]; readonly q: number[] }[] = [
  { residual: 1, p: [0.875, 0.125], q: [0.5625, 0.4375] },
  { residual: 0, p: [0.50244140625, -0.02587890625], q: [0.37255859375, 0.36572265625] },
  { residual: 2, p: [0.7162832794, 0.3138145638], q: [0.5548854531, 0.3082176991] },
];

it.each(['plain', 'simd'] as const)('takes three steps as worked by hand: %s', (choice) => {
  const kernel = createKernel(choice);
  const [p, q, own] = [2, 2, 2].map((cells) => kernel.memory.allocate(cells)) as [Block, Block, Block];
  const initial = Float32Array.of(0.5, 0.5);
  p.floats[0] = 1;
  for (const step of steps) {
    initial.forEach((value, f) => (q.floats[f] = value + own.floats[f]!));
    kernel.sgdStep(p.address, q.address, own.address, 2, step.residual, 0.5, 0.25, 0.5);
    step.p.forEach((value, f) => expect(p.floats[f]).toBeCloseTo(value, 6));
    step.q.forEach((value, f) => expect(initial[f]! + own.floats[f]!).toBeCloseTo(value, 6));
  }
});
