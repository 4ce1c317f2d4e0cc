/**
 * The numbers stored once a task: the learner's own state, the score's totals, and the position among the events; then the
 * state that belongs to networks, which is left out while it is all zero.
 */
import { expertNames, onlineStateCells, stateCells } from '../model/learner.ts';
import type { Task } from './task.ts';
import { decodeNumbers, encodeNumbers } from './numbers.ts';
import { scoreCells } from './score.ts';
import { padded, withoutZeros } from './stored-sums.ts';

const layout = 1;
const scoreAt = onlineStateCells;
const sequenceAt = scoreAt + scoreCells(expertNames.length);
const networksAt = sequenceAt + 1;
const cells = networksAt + stateCells - onlineStateCells;

export function encodeTaskNumbers(task: Task): Uint8Array {
  const numbers = new Float64Array(cells);
  numbers.set(task.learner.state.subarray(0, onlineStateCells), 0);
  numbers.set(task.score.totals, scoreAt);
  numbers[sequenceAt] = task.eventIds.sequence;
  numbers.set(task.learner.state.subarray(onlineStateCells), networksAt);
  return encodeNumbers(layout, withoutZeros(numbers, networksAt));
}

export interface TaskNumbers {
  readonly learnerState: Float64Array;
  /** Squared errors by expert, absolute errors by expert, events. */
  readonly scoreTotals: Float64Array;
  readonly sequence: number;
}

export function decodeTaskNumbers(bytes: Uint8Array): TaskNumbers {
  const stored = bytes.byteLength > 4 + 8 * networksAt ? cells : networksAt;
  const numbers = padded(decodeNumbers(bytes, layout, stored, 'The task record'), cells);
  const learnerState = new Float64Array(stateCells);
  learnerState.set(numbers.subarray(0, onlineStateCells));
  learnerState.set(numbers.subarray(networksAt), onlineStateCells);
  return {
    learnerState,
    scoreTotals: numbers.subarray(scoreAt, sequenceAt),
    sequence: numbers[sequenceAt] ?? 0,
  };
}
