/**
 * The numbers stored once a task: the learner's own state, the score's totals, and the position among the events.
 */
import { expertNames, stateCells } from '../model/learner.ts';
import type { Task } from './task.ts';
import { decodeNumbers, encodeNumbers } from './numbers.ts';
import { scoreCells } from './score.ts';

const layout = 2;
const scoreAt = stateCells;
const sequenceAt = scoreAt + scoreCells(expertNames.length);
const cells = sequenceAt + 1;

export function encodeTaskNumbers(task: Task): Uint8Array {
  const numbers = new Float64Array(cells);
  numbers.set(task.learner.state, 0);
  numbers.set(task.score.totals, scoreAt);
  numbers[sequenceAt] = task.eventIds.sequence;
  return encodeNumbers(layout, numbers);
}

export interface TaskNumbers {
  readonly learnerState: Float64Array;
  /** Squared errors by expert, absolute errors by expert, events. */
  readonly scoreTotals: Float64Array;
  readonly sequence: number;
}

export function decodeTaskNumbers(bytes: Uint8Array): TaskNumbers {
  const numbers = decodeNumbers(bytes, layout, cells, 'The task record');
  return {
    learnerState: numbers.subarray(0, stateCells),
    scoreTotals: numbers.subarray(scoreAt, sequenceAt),
    sequence: numbers[sequenceAt] ?? 0,
  };
}
