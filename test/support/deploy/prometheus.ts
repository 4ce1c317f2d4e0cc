/** A real Prometheus on loopback, which scrapes what it is told to every second. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../kafka/free-ports.ts';
import { guardedProcesses, hasEnded } from '../kafka/guarded-processes.ts';
import { until } from '../kafka/until.ts';
import { prometheusPrograms } from './tools.ts';

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [atSeconds: number, value: string];
}

export interface RunningPrometheus {
  /** Result of an expression now. @throws Error when Prometheus refuses it. */
  query(expr: string): Promise<Sample[]>;
  /** Alerts by name, with their state: inactive, pending or firing. */
  alertStates(): Promise<ReadonlyMap<string, string>>;
  stop(): Promise<void>;
}

/** `targets`: host:port by job. `rules`: path of a rules file. */
export async function startPrometheus(
  targets: Readonly<Record<string, readonly string[]>>,
  rules: string,
): Promise<RunningPrometheus> {
  const programs = await prometheusPrograms();
  const processes = guardedProcesses('freshet-prometheus-');
  const config = join(processes.folder, 'prometheus.yml');
  const jobs = Object.entries(targets).map(([job_name, at]) => ({ job_name, static_configs: [{ targets: at }] }));
  const global = { scrape_interval: '1s', evaluation_interval: '1s' };
  writeFileSync(config, JSON.stringify({ global, rule_files: [rules], scrape_configs: jobs }));
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port!}`;
  const server = processes.run('prometheus', programs.path('prometheus'), [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(processes.folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port!}`,
  ]);
  const get = async <T>(path: string): Promise<T> => {
    const answer = (await (await fetch(`${url}/api/v1/${path}`)).json()) as { status: string; error?: string; data: T };
    if (answer.status !== 'success') throw new Error(`${path}: ${answer.error ?? 'no reason given'}`);
    return answer.data;
  };
  try {
    await until('Prometheus is ready', async () => {
      if (hasEnded(server))
        throw new Error(readFileSync(join(processes.folder, 'prometheus.log'), 'utf8').slice(-2000));
      return (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok;
    });
  } catch (error) {
    await processes.end();
    throw error;
  }
  return {
    query: async (expr) => (await get<{ result: Sample[] }>(`query?query=${encodeURIComponent(expr)}`)).result,
    async alertStates() {
      const { groups } = await get<{ groups: { rules: { name: string; state: string }[] }[] }>('rules?type=alert');
      return new Map(groups.flatMap(({ rules: found }) => found.map(({ name, state }) => [name, state] as const)));
    },
    stop: () => processes.end(),
  };
}
