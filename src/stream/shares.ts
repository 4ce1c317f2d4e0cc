/**
 * The shared sums of all tasks together (mean, variances, the stack's equations): shares of other workers' tasks as they
 * were last heard of, and of the tasks here as they are.
 */
import type { Task, Tasks } from './task.ts';

export class Shares {
  readonly #tasks: Tasks;
  /** By partition of another worker. */
  readonly #foreign = new Map<number, Float64Array>();

  constructor(tasks: Tasks) {
    this.#tasks = tasks;
  }

  set(partition: number, share: Float64Array): void {
    this.#foreign.set(partition, share);
  }

  drop(partition: number): void {
    this.#foreign.delete(partition);
  }

  /** Puts everybody else's share into a task's `rest`. */
  refresh(task: Task): void {
    if (this.#foreign.size === 0 && this.#tasks.size <= 1) return;
    const rest = task.learner.sums.emptyRest();
    for (const share of this.#foreign.values()) addTo(rest, share);
    for (const other of this.#tasks.values()) if (other !== task) addTo(rest, other.learner.sums.own);
  }
}

function addTo(sum: Float64Array, share: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + share[i]!;
}
