/** What a command works on: a data folder, a running worker, or the topics of a group on Kafka. Exactly one of them. */
import type { Rule } from '../config.ts';
import type { Settings } from '../setting.ts';
import { kafkaSettings } from './kafka-settings.ts';
import { workerSettings } from './worker-client.ts';

const dataSetting = {
  data: { type: 'text', unit: 'folder', doc: 'Data folder of a worker on this machine alone.' },
} as const satisfies Settings;

export const folderOrKafka = { ...dataSetting, ...kafkaSettings } as const;
export const anyTarget = { ...dataSetting, ...workerSettings, ...kafkaSettings } as const;

const meanings = {
  data: '--data for a data folder',
  http: '--http for a running worker',
  brokers: '--brokers for a group on Kafka',
} as const;
type Target = keyof typeof meanings;

/** `targets`: those that the command can work on. */
export const oneTarget = <T extends Target>(...targets: readonly T[]): Rule<Pick<typeof anyTarget, T>> => ({
  needs: targets,
  problem(values: Partial<Record<Target, unknown>>) {
    const given = targets.filter((target) => values[target] !== undefined);
    if (given.length === 1) return undefined;
    const choice = targets.map((target) => meanings[target]).join(', or ');
    return given.length === 0
      ? `nothing says what to work on; give ${choice}`
      : `${given.map((target) => `--${target}`).join(' and ')} are given together; give one of them: ${choice}`;
  },
});
