import { EventEmitter } from 'node:events';
import { expect, it, vi } from 'vitest';
import { stopSignal } from '../../src/cli/stop-signal.ts';

it.each([
  ['SIGINT', 'SIGINT'],
  ['SIGTERM', 'SIGTERM'],
  ['SIGTERM', 'SIGINT'],
])('asks at the first signal and forces at the second (%s, %s)', (first, second) => {
  const source = new EventEmitter();
  const reaction = { remark: vi.fn(), force: vi.fn() };
  const signal = stopSignal(source, reaction);
  expect(signal.aborted).toBe(false);
  source.emit(first);
  expect(signal.reason).toEqual(new Error(first));
  expect(reaction.remark).toHaveBeenCalledOnce();
  expect(reaction.force).not.toHaveBeenCalled();
  source.emit(second);
  expect(reaction.force).toHaveBeenCalledOnce();
});
