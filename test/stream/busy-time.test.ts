import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BusyTime } from '../../src/stream/busy-time.ts';

test('counts every millisecond in which somebody is at work once, whoever comes and goes', () => {
  const spans = fc.array(fc.record({ from: fc.nat(50), length: fc.integer({ min: 1, max: 20 }) }), { maxLength: 12 });
  fc.assert(
    fc.property(spans, (work) => {
      const busy = new BusyTime();
      let expected = 0;
      for (let nowMs = 0; nowMs <= 80; nowMs++) {
        for (const { from, length } of work) if (from + length === nowMs) busy.end(nowMs);
        for (const { from } of work) if (from === nowMs) busy.begin(nowMs);
        expect(busy.spentMs(nowMs)).toBe(expected);
        if (work.some(({ from, length }) => from <= nowMs && nowMs < from + length)) expected++;
      }
    }),
  );
});
