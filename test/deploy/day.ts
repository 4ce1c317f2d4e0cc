/** A day of a group that is scaled: ratings come, workers learn them, and who comes or goes makes partitions restore. */
import { Autoscaler, type ScalingRules } from './autoscaler.ts';

/** What the formula is made of, as Prometheus would tell it. */
export interface Measured {
  readonly rate: number;
  readonly lag: number;
  readonly restoring: number;
  readonly workers: number;
}

export interface DayOptions {
  readonly rules: ScalingRules;
  readonly need: (measured: Measured) => number;
  /** Ratings a second at a time of day. */
  readonly load: (atSeconds: number) => number;
  /** Ratings a second that a worker manages at the most. */
  readonly capacity: number;
  readonly partitions: number;
  readonly restoreSeconds: number;
  readonly lookSeconds: number;
  readonly hours: number;
}

export interface Change {
  readonly atSeconds: number;
  readonly by: number;
  readonly isRestoring: boolean;
}

export interface Day {
  readonly changes: readonly Change[];
  readonly mostReplicas: number;
  readonly mostLag: number;
}

const rateSeconds = 300;

export function simulateDay(options: DayOptions): Day {
  const { rules, need, load, capacity, partitions, restoreSeconds, lookSeconds, hours } = options;
  const scaler = new Autoscaler(rules, rules.minReplicas);
  const changes: Change[] = [];
  /** Ratings learned in each second of the last five minutes, and their sum. */
  const applied = new Float64Array(rateSeconds);
  let appliedSum = 0;
  let lag = 0;
  let restoredAtSeconds = 0;
  let mostReplicas = scaler.replicas;
  let mostLag = 0;
  for (let now = 0; now < hours * 3600; now++) {
    const restoring = now < restoredAtSeconds ? Math.ceil(partitions / scaler.replicas) : 0;
    const working = scaler.replicas * (1 - restoring / partitions);
    const learned = Math.min(lag + load(now), capacity * working);
    lag += load(now) - learned;
    mostLag = Math.max(mostLag, lag);
    appliedSum += learned - applied[now % rateSeconds]!;
    applied[now % rateSeconds] = learned;
    if (now % lookSeconds !== 0 || now < rateSeconds) continue;
    const by = scaler.look(now, need({ rate: appliedSum / rateSeconds, lag, restoring, workers: scaler.replicas }));
    if (by === 0) continue;
    changes.push({ atSeconds: now, by, isRestoring: restoring > 0 });
    restoredAtSeconds = now + restoreSeconds;
    mostReplicas = Math.max(mostReplicas, scaler.replicas);
  }
  return { changes, mostReplicas, mostLag };
}

/** The most changes of direction within any hour. */
export function turnsInAnHour(changes: readonly Change[]): number {
  const turns = changes.filter(({ by }, at) => at > 0 && Math.sign(by) !== Math.sign(changes[at - 1]!.by));
  return Math.max(
    0,
    ...turns.map(({ atSeconds }) => turns.filter((one) => Math.abs(one.atSeconds - atSeconds) <= 1800).length),
  );
}
