/** Totals kept elsewhere, fed into a Prometheus counter. */
import type { Counter } from 'prom-client';

type Labels<Label extends string> = Partial<Record<Label, string | number>>;

/**
 * Raises the counter to what was counted since the last call. A total below its former value has begun anew (the
 * partition came back, the worker was rebuilt), so all of it is new: the counter never falls.
 */
export type RaiseTotal<Label extends string> = (labels: Labels<Label>, total: number) => void;

export function monotonic<Label extends string>(counter: Counter<Label>): RaiseTotal<Label> {
  const totals = new Map<string, number>();
  return (labels, total) => {
    const key = JSON.stringify(labels);
    const before = totals.get(key) ?? 0;
    totals.set(key, total);
    counter.inc(labels, total >= before ? total - before : total);
  };
}
