/** What of a task is learned beside rows: cells of the sums that tasks share, and numbers of its own. */
import { blendCells } from './blend.ts';
import { meanCells } from './experts/mean.ts';
import { intervalCells, intervalStateCells } from './interval.ts';
import { networkStackCells, networkStackStateCells } from './network-stack.ts';
import { stackCells, stackStateCells } from './stack.ts';

/** Cells of the shared sums, in this order: mean, interval, stack, blend; then those of networks, zeros until there is one. */
export const onlineCells = meanCells + intervalCells + stackCells + blendCells;
export const sharedCells = onlineCells + networkStackCells;
export const intervalAt = meanCells;
export const stackAt = meanCells + intervalCells;
export const blendAt = stackAt + stackCells;
/** Numbers stored with the task: the stack's, the interval's; then those of networks, zeros until there is one. */
export const onlineStateCells = stackStateCells + intervalStateCells;
export const stateCells = onlineStateCells + networkStackStateCells;
