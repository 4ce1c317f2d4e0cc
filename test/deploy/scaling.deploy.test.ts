/** A simulated day of load through the formula and the rules of the ScaledObject that the chart renders. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createContext, Script } from 'node:vm';
import { parseAllDocuments } from 'yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import { kubernetesPrograms } from '../support/deploy/tools.ts';
import type { Direction } from './autoscaler.ts';
import { chartFolder } from './chart.ts';
import { simulateDay, turnsInAnHour, type Day, type DayOptions, type Measured } from './day.ts';

interface ScaledObject {
  readonly kind: string;
  readonly spec: {
    readonly minReplicaCount: number;
    readonly maxReplicaCount: number;
    readonly pollingInterval: number;
    readonly fallback: { readonly behavior: string };
    readonly triggers: readonly { readonly name: string; readonly metadata: { readonly query: string } }[];
    readonly advanced: {
      readonly scalingModifiers: { readonly formula: string; readonly target: string };
      readonly horizontalPodAutoscalerConfig: { readonly behavior: Record<'scaleUp' | 'scaleDown', Direction> };
    };
  };
}

async function rendered(...flags: readonly string[]): Promise<ScaledObject['spec']> {
  const helm = (await kubernetesPrograms()).path('helm');
  const values = join(chartFolder, 'profiles/keda.yaml');
  const words = ['template', 'shop', chartFolder, '--kube-version', '1.35.4', '--values', values, ...flags];
  const { stdout } = await promisify(execFile)(helm, words, { maxBuffer: 1e8 });
  const objects = parseAllDocuments(stdout).map((document) => document.toJSON() as ScaledObject | null);
  const found = objects.find((one) => one?.kind === 'ScaledObject');
  if (found === undefined || found === null) throw new Error('the profile keda makes no ScaledObject');
  return found.spec;
}

/** As KEDA evaluates it: the names are the triggers', the result is divided by the target. */
function needOf({ formula, target }: { formula: string; target: string }): (measured: Measured) => number {
  const names = createContext({ max: Math.max, min: Math.min });
  const script = new Script(formula);
  return (measured) => Number(script.runInContext(Object.assign(names, measured))) / Number(target);
}

const hour = 3600;
/** A night of 4,000 and an evening of 40,000 ratings a second, and as much noise as there is in a real one. */
const diurnal = (atSeconds: number): number => {
  const wave = (1 - Math.cos((2 * Math.PI * atSeconds) / (24 * hour))) / 2;
  const noise = 1 + 0.06 * Math.sin(atSeconds / 37) + 0.04 * Math.sin(atSeconds / 311) + 0.03 * Math.sin(atSeconds / 5);
  return (4000 + 36_000 * wave) * noise;
};

describe('the ScaledObject', () => {
  let spec: ScaledObject['spec'];
  let need: (measured: Measured) => number;
  let day: (changes?: Partial<DayOptions>) => Day;
  beforeAll(async () => {
    spec = await rendered();
    const { behavior } = spec.advanced.horizontalPodAutoscalerConfig;
    const rules = { ...behavior, minReplicas: spec.minReplicaCount, maxReplicas: spec.maxReplicaCount };
    need = needOf(spec.advanced.scalingModifiers);
    const capacities = { capacity: 10_000, partitions: 12, restoreSeconds: 90, lookSeconds: spec.pollingInterval };
    day = (changes) => simulateDay({ rules, need, load: diurnal, hours: 48, ...capacities, ...changes });
  }, 1_800_000);

  it('follows a steady daily curve without turning back within an hour', () => {
    const { changes, mostReplicas, mostLag } = day();
    expect(changes.length).toBeGreaterThan(10);
    expect(turnsInAnHour(changes)).toBeLessThanOrEqual(1);
    // Up and down once a day.
    const turns = changes.filter(({ by }, at) => at > 0 && Math.sign(by) !== Math.sign(changes[at - 1]!.by));
    expect(turns.length).toBeLessThanOrEqual(4);
    expect(mostReplicas).toBeGreaterThanOrEqual(8);
    expect(mostLag).toBeLessThan(40_000 * 300);
  });

  it('never asks for more workers than there are partitions', async () => {
    const flood = day({ load: () => 500_000, hours: 3 });
    expect(flood.mostReplicas).toBe(12);
    expect((await rendered('--set', 'topics.partitions=6')).maxReplicaCount).toBe(6);
  });

  it('takes nobody away while somebody restores, however long that takes', () => {
    // At night, with restores of four hours: as long as none is over, the load says otherwise in vain.
    const { changes } = day({ restoreSeconds: 4 * hour });
    const down = changes.filter(({ by }) => by < 0);
    expect(down.length).toBeGreaterThan(0);
    expect(down.filter(({ isRestoring }) => isRestoring)).toEqual([]);
    // The formula without that part would.
    const blind = day({ restoreSeconds: 4 * hour, need: (measured) => need({ ...measured, restoring: 0 }) });
    expect(blind.changes.some(({ by, isRestoring }) => by < 0 && isRestoring)).toBe(true);
  });

  it('waits longer before it takes somebody away than a restore takes, and then takes one', () => {
    const { scaleDown } = spec.advanced.horizontalPodAutoscalerConfig.behavior;
    expect(scaleDown.stabilizationWindowSeconds).toBeGreaterThan(600);
    expect(day().changes.filter(({ by }) => by < -1)).toEqual([]);
  });

  it('keeps what there is when Prometheus does not answer', () => {
    expect(spec.fallback.behavior).toBe('currentReplicasIfHigher');
  });

  it('uses every trigger that it has', () => {
    for (const { name } of spec.triggers)
      expect(spec.advanced.scalingModifiers.formula).toMatch(new RegExp(`\\b${name}\\b`));
    expect(spec.triggers.map(({ name }) => name).sort()).toEqual(['lag', 'rate', 'restoring', 'workers']);
  });

  it('is steadier than lag alone would be, which this simulation shows to swing', () => {
    const eager: Direction = {
      stabilizationWindowSeconds: 0,
      policies: [{ type: 'Pods', value: 4, periodSeconds: 60 }],
    };
    const rules = {
      minReplicas: 2,
      maxReplicas: 12,
      scaleUp: eager,
      scaleDown: { ...eager, stabilizationWindowSeconds: 300 },
    };
    const { changes } = day({ rules, need: ({ lag }) => lag / 10_000 });
    expect(turnsInAnHour(changes)).toBeGreaterThan(1);
  });
});
