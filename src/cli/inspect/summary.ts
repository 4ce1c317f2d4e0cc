/** What is stored in all, as the last checkpoints left it. */
import { expertNames } from '../../model/answer.ts';
import { parseItemsKey, parseStateKey, settingsKey, taskKey } from '../../stream/keys.ts';
import { decodeStoredSettings, type StoredSettings } from '../../stream/stored-settings.ts';
import { decodeTaskNumbers } from '../../stream/task-numbers.ts';
import type { LogCounts, WholeView } from './view.ts';

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
  /** Null on Kafka, where they are not counted. */
  readonly predictions: number | null;
  /** Records in the ratings log that no checkpoint covers yet. */
  readonly pending: number;
  readonly experts: Readonly<Record<string, ExpertError>>;
  /** Null while nothing is learned. */
  readonly scale: readonly [number, number] | null;
  readonly partitions: readonly PartitionSummary[];
}

interface PartitionSummary extends LogCounts {
  readonly partition: number;
  readonly users: number;
}

export async function summaryOf(view: WholeView): Promise<Summary> {
  const n = expertNames.length;
  const totals = new Float64Array(2 * n + 1);
  const items = new Set<string>();
  const partitions: PartitionSummary[] = [];
  let stored = undefined as StoredSettings | undefined;
  for (let partition = 0; partition < view.partitionCount; partition++) {
    let users = 0;
    const counts = await view.visit(partition, {
      state(key, value) {
        if (key === taskKey)
          decodeTaskNumbers(value).scoreTotals.forEach((total, i) => (totals[i] = at(totals, i) + total));
        else if (key === settingsKey) stored = decodeStoredSettings(value);
        else if (parseStateKey(key).kind === 'user') users++;
      },
      item(key) {
        const parsed = parseItemsKey(key);
        if (parsed.kind === 'numbers') items.add(parsed.itemId);
      },
    });
    const { ratings, committedOffset, predictions, deadLetters } = counts;
    partitions.push({ partition, users, ratings, committedOffset, predictions, deadLetters });
  }
  const events = at(totals, 2 * n);
  const errorOf = (expert: number): ExpertError => ({
    rmse: events === 0 ? null : Math.sqrt(at(totals, expert) / events),
    mae: events === 0 ? null : at(totals, n + expert) / events,
  });
  const sum = (of: (partition: PartitionSummary) => number): number =>
    partitions.reduce((total, p) => total + of(p), 0);
  const scale = stored?.scale;
  const isCounted = partitions.every(({ predictions }) => predictions !== null);
  return {
    ratingsApplied: events,
    users: sum((p) => p.users),
    items: items.size,
    deadLetters: sum((p) => p.deadLetters),
    ...errorOf(n - 1),
    predictions: isCounted ? sum((p) => p.predictions ?? 0) : null,
    pending: sum((p) => p.ratings - p.committedOffset),
    experts: Object.fromEntries(expertNames.map((name, expert) => [name, errorOf(expert)])),
    scale: scale === undefined ? null : [scale.lo, scale.hi],
    partitions,
  };
}

const at = (numbers: Float64Array, index: number): number => numbers[index] ?? 0;
