/** How Kubernetes' autoscaler makes a number of replicas of a metric (autoscaling/v2): tolerance, stabilization, policies. */

export interface Direction {
  readonly stabilizationWindowSeconds: number;
  readonly policies: readonly { readonly type: string; readonly value: number; readonly periodSeconds: number }[];
}

export interface ScalingRules {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly scaleUp: Direction;
  readonly scaleDown: Direction;
}

/** Nothing happens while the metric is so near to what it should be. */
const tolerance = 0.1;

export class Autoscaler {
  readonly #rules: ScalingRules;
  #wanted: readonly { readonly atSeconds: number; readonly replicas: number }[] = [];
  readonly #changes: { readonly atSeconds: number; readonly by: number }[] = [];
  replicas: number;

  constructor(rules: ScalingRules, replicas: number) {
    this.#rules = rules;
    this.replicas = replicas;
  }

  /** `need`: the metric, in replicas. Returns what the replicas change by. */
  look(atSeconds: number, need: number): number {
    const { minReplicas, maxReplicas, scaleUp, scaleDown } = this.#rules;
    const ratio = need / this.replicas;
    const wanted = Math.abs(ratio - 1) <= tolerance ? this.replicas : Math.ceil(need - 1e-9);
    const longest = Math.max(scaleUp.stabilizationWindowSeconds, scaleDown.stabilizationWindowSeconds);
    const recent = this.#wanted.filter((one) => one.atSeconds > atSeconds - longest);
    this.#wanted = [...recent, { atSeconds, replicas: wanted }];
    const within = (seconds: number): number[] =>
      this.#wanted.filter((one) => one.atSeconds > atSeconds - seconds).map(({ replicas }) => replicas);
    // Up by the least, down by the most that was wanted within the window.
    const up = Math.min(wanted, ...within(scaleUp.stabilizationWindowSeconds));
    const down = Math.max(wanted, ...within(scaleDown.stabilizationWindowSeconds));
    let target = this.replicas;
    if (up > this.replicas) target = Math.min(up, this.replicas + this.#room(scaleUp, atSeconds, 1));
    else if (down < this.replicas) target = Math.max(down, this.replicas - this.#room(scaleDown, atSeconds, -1));
    target = Math.max(minReplicas, Math.min(maxReplicas, target));
    const by = target - this.replicas;
    if (by !== 0) this.#changes.push({ atSeconds, by });
    this.replicas = target;
    return by;
  }

  /** Pods that the policies still allow in a direction; the most generous one counts. */
  #room({ policies }: Direction, atSeconds: number, sign: 1 | -1): number {
    const rooms = policies.map(({ value, periodSeconds }) => {
      const recent = this.#changes.filter((one) => one.atSeconds > atSeconds - periodSeconds && one.by * sign > 0);
      return Math.max(0, value - recent.reduce((sum, { by }) => sum + Math.abs(by), 0));
    });
    return Math.max(...rooms);
  }
}
