/**
 * The numbers stored once a task: the learner's own state, the score's totals, the position among the events, and
 * the effort from this checkpoint on.
 */
import { expertNames } from '../model/answer.ts';
import { stateCells } from '../model/learned-cells.ts';
import { efforts, type Effort } from '../model/settings.ts';
import type { Task } from './task.ts';
import { decodeNumbers, encodeNumbers } from './numbers.ts';
import { scoreCells } from './score.ts';

const layout = 4;
const scoreAt = stateCells;
const sequenceAt = scoreAt + scoreCells(expertNames.length);
const effortAt = sequenceAt + 1;
const cells = effortAt + 1;

export function encodeTaskNumbers(task: Task): Uint8Array {
  const numbers = new Float64Array(cells);
  numbers.set(task.learner.state, 0);
  numbers.set(task.score.totals, scoreAt);
  numbers[sequenceAt] = task.eventIds.sequence;
  // With a given effort nothing that is stored says which one it was: there it may be another one after each start.
  if (task.tools.effortFollowsLoad) numbers[effortAt] = efforts.indexOf(task.nextEffort);
  return encodeNumbers(layout, numbers);
}

export interface TaskNumbers {
  readonly learnerState: Float64Array;
  /** Squared errors by expert, absolute errors by expert, events. */
  readonly scoreTotals: Float64Array;
  readonly sequence: number;
  readonly effort: Effort;
}

export function decodeTaskNumbers(bytes: Uint8Array): TaskNumbers {
  const numbers = decodeNumbers(bytes, layout, cells, 'The task record');
  return {
    learnerState: numbers.subarray(0, stateCells),
    scoreTotals: numbers.subarray(scoreAt, sequenceAt),
    sequence: numbers[sequenceAt] ?? 0,
    effort: efforts[numbers[effortAt] ?? 0] ?? 'fast',
  };
}
