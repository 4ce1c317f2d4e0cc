/** What a data folder holds, as its last checkpoints left it. */
import type { EmbeddedView } from '../../adapters/embedded/open-embedded.ts';
import { expertNames } from '../../model/learner.ts';
import { itemIdOf, parseStateKey, taskKey } from '../../stream/keys.ts';
import { decodeTaskNumbers } from '../../stream/task-numbers.ts';
import { settingsIn } from '../stored-settings.ts';

interface ExpertError {
  /** In the user's scale; null while nothing was scored. */
  readonly rmse: number | null;
  readonly mae: number | null;
}

export interface Summary extends ExpertError {
  readonly ratingsApplied: number;
  readonly users: number;
  readonly items: number;
  readonly deadLetters: number;
  readonly predictions: number;
  /** Records in the ratings log that no checkpoint covers yet. */
  readonly pending: number;
  readonly experts: Readonly<Record<string, ExpertError>>;
  /** Null while nothing is learned. */
  readonly scale: readonly [number, number] | null;
  readonly partitions: readonly PartitionSummary[];
}

interface PartitionSummary {
  readonly partition: number;
  readonly users: number;
  readonly ratings: number;
  readonly committedOffset: number;
  readonly predictions: number;
  readonly deadLetters: number;
}

export async function summaryOf(view: EmbeddedView): Promise<Summary> {
  const n = expertNames.length;
  const totals = new Float64Array(2 * n + 1);
  const items = new Set<string>();
  const partitions: PartitionSummary[] = [];
  for (let partition = 0; partition < view.partitionCount; partition++) {
    let users = 0;
    await view.visit(partition, {
      state(key, value) {
        if (key === taskKey)
          decodeTaskNumbers(value).scoreTotals.forEach((total, i) => (totals[i] = at(totals, i) + total));
        else if (parseStateKey(key).kind === 'user') users++;
      },
      item(key) {
        const itemId = itemIdOf(key);
        if (itemId !== null) items.add(itemId);
      },
    });
    partitions.push({
      partition,
      users,
      ratings: view.end('ratings', partition),
      committedOffset: view.committedOffset(partition),
      predictions: view.end('predictions', partition),
      deadLetters: view.end('dead-letters', partition),
    });
  }
  const events = at(totals, 2 * n);
  const errorOf = (expert: number): ExpertError => ({
    rmse: events === 0 ? null : Math.sqrt(at(totals, expert) / events),
    mae: events === 0 ? null : at(totals, n + expert) / events,
  });
  const sum = (of: (partition: PartitionSummary) => number): number =>
    partitions.reduce((total, p) => total + of(p), 0);
  const scale = settingsIn(view)?.scale;
  return {
    ratingsApplied: events,
    users: sum((p) => p.users),
    items: items.size,
    deadLetters: sum((p) => p.deadLetters),
    ...errorOf(n - 1),
    predictions: sum((p) => p.predictions),
    pending: sum((p) => p.ratings - p.committedOffset),
    experts: Object.fromEntries(expertNames.map((name, expert) => [name, errorOf(expert)])),
    scale: scale === undefined ? null : [scale.lo, scale.hi],
    partitions,
  };
}

const at = (numbers: Float64Array, index: number): number => numbers[index] ?? 0;
