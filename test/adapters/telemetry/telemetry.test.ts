import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metrics, type MetricDeclaration } from '../../../src/adapters/telemetry/metrics.ts';
import { createTelemetry, type PrometheusTelemetry } from '../../../src/adapters/telemetry/telemetry.ts';
import { rejectionCodes } from '../../../src/errors.ts';
import type { PartitionStats, WorkerStats } from '../../../src/ports/telemetry.ts';
import { parsePrometheusText, type Family } from './prometheus-text.ts';

const declarations: readonly MetricDeclaration[] = Object.values(metrics);

function partition(fields: Partial<PartitionStats> = {}): PartitionStats {
  return {
    partition: 0,
    eventsApplied: 100,
    eventsSkipped: 3,
    predictions: 100,
    requestsAnswered: 5,
    recommendations: 4,
    recommendationsPending: 2,
    deadLetters: {},
    appliedOffset: 104,
    committedOffset: 90,
    effort: 1,
    eventTimeLagMs: 1500,
    schemaWaitMs: 0,
    ...fields,
  };
}

function workerStats(fields: Partial<WorkerStats> = {}): WorkerStats {
  return {
    partitions: [partition()],
    experts: [{ expert: 'blend', rmseTotal: 0.95, maeTotal: 0.75, rmseWindow: 0.9, maeWindow: 0.7 }],
    userRows: 7,
    itemRows: 9,
    usersEvicted: 2,
    itemsEvicted: 1,
    intervalCoverageRatio: 0.79,
    followLagMs: 40,
    ...fields,
  };
}

async function familiesOf(telemetry: PrometheusTelemetry): Promise<Map<string, Family>> {
  return parsePrometheusText(await telemetry.metricsText());
}

/** The value of one series; undefined when it is not there. */
async function valueOf(telemetry: PrometheusTelemetry, name: string, labels: Record<string, string> = {}) {
  const samples = [...(await familiesOf(telemetry)).values()].flatMap((family) => family.samples);
  const wanted = JSON.stringify(Object.entries(labels).sort());
  return samples.find((one) => one.name === name && JSON.stringify(Object.entries(one.labels).sort()) === wanted)
    ?.value;
}

/** A telemetry that has seen something of everything. */
function busyTelemetry(): PrometheusTelemetry {
  const deadLetters = { FRESHET_UNDECODABLE: 4, FRESHET_TIME_INVALID: 1 };
  const telemetry = createTelemetry({
    source: { stats: () => workerStats({ partitions: [partition({ deadLetters }), partition({ partition: 1 })] }) },
    ratingsLog: { backlog: () => 14 },
    lag: () => new Map([[0, 14]]),
    registry: { unansweredCount: 2 },
    restoreReads: () => ({ fromDisk: 100, fromChangelog: 7 }),
    networks: () => [
      { kind: 'deep', role: 'serving', version: 'v2', ratings: 40, rmse: 0.9, ageMs: 60_000, weight: 0.4 },
      { kind: 'deep', role: 'shadow', version: 'v1', ratings: 40, rmse: 0.95, ageMs: null, weight: null },
    ],
  });
  telemetry.modelEvent('deep', 'promoted');
  telemetry.swapped();
  telemetry.training('rbm', {
    ...{ stage: 'training', epoch: 3, epochs: 12, loss: 0.7 },
    ...{ heldOutRmse: 0.91, examplesPerSecond: 50_000, leftSeconds: 20 },
  });
  telemetry.checkpoint(0, 'committed', 12, 40_000, 300);
  telemetry.checkpoint(1, 'failed', 3, 10_000, 80);
  telemetry.restored(1, 250, 1_000);
  telemetry.httpForwarded('answered', 3);
  telemetry.rebalanced();
  telemetry.restoring(2, 'freshet-users', 0.5);
  telemetry.httpRequest('POST', '/ratings', 202, 4);
  telemetry.httpRequest('GET', '/predictions/stream', 200, null);
  return telemetry;
}

describe('metrics of the worker', () => {
  it('show the snapshot in base units', async () => {
    const telemetry = busyTelemetry();
    expect(await valueOf(telemetry, 'freshet_events_applied_total', { partition: '0' })).toBe(100);
    expect(await valueOf(telemetry, 'freshet_events_skipped_total', { partition: '1' })).toBe(3);
    expect(await valueOf(telemetry, 'freshet_event_time_lag_seconds', { partition: '0' })).toBe(1.5);
    expect(await valueOf(telemetry, 'freshet_applied_offset', { partition: '0' })).toBe(104);
    expect(await valueOf(telemetry, 'freshet_committed_offset', { partition: '0' })).toBe(90);
    expect(await valueOf(telemetry, 'freshet_prequential_rmse', { expert: 'blend', span: 'window' })).toBe(0.9);
    expect(await valueOf(telemetry, 'freshet_prequential_mae', { expert: 'blend', span: 'total' })).toBe(0.75);
    expect(await valueOf(telemetry, 'freshet_interval_coverage_ratio')).toBe(0.79);
    expect(await valueOf(telemetry, 'freshet_rows', { kind: 'item' })).toBe(9);
    expect(await valueOf(telemetry, 'freshet_rows_evicted_total', { kind: 'user' })).toBe(2);
    expect(await valueOf(telemetry, 'freshet_log_backlog')).toBe(14);
    expect(await valueOf(telemetry, 'freshet_restore_reads_total', { source: 'disk' })).toBe(100);
    expect(await valueOf(telemetry, 'freshet_restore_reads_total', { source: 'changelog' })).toBe(7);
    const undecodable = { partition: '0', reason: 'FRESHET_UNDECODABLE' };
    expect(await valueOf(telemetry, 'freshet_dead_letters_total', undecodable)).toBe(4);
  });

  it('ask the source when somebody looks, once a look', async () => {
    let asked = 0;
    const telemetry = createTelemetry({ source: { stats: () => (asked++, workerStats()) } });
    expect(asked).toBe(0);
    await telemetry.metricsText();
    await telemetry.metricsText();
    expect(asked).toBe(2);
  });

  it('never let a counter fall, also when the worker counts from nothing again', async () => {
    let applied = 100;
    const telemetry = createTelemetry({
      source: { stats: () => workerStats({ partitions: [partition({ eventsApplied: applied })] }) },
    });
    const seen: (number | undefined)[] = [];
    for (applied of [100, 150, 150, 20, 25]) {
      seen.push(await valueOf(telemetry, 'freshet_events_applied_total', { partition: '0' }));
    }
    expect(seen).toEqual([100, 150, 150, 170, 175]);
  });

  it('drop the gauges of a partition that went away, and keep what it counted', async () => {
    let partitions = [partition(), partition({ partition: 1 })];
    const telemetry = createTelemetry({ source: { stats: () => workerStats({ partitions }) } });
    expect(await valueOf(telemetry, 'freshet_applied_offset', { partition: '1' })).toBe(104);
    partitions = [partition()];
    expect(await valueOf(telemetry, 'freshet_applied_offset', { partition: '1' })).toBeUndefined();
    expect(await valueOf(telemetry, 'freshet_events_applied_total', { partition: '1' })).toBe(100);
  });

  it('say nothing where there is nothing to say yet', async () => {
    const experts = [{ expert: 'blend', rmseTotal: NaN, maeTotal: NaN, rmseWindow: NaN, maeWindow: NaN }];
    const telemetry = createTelemetry();
    expect(await valueOf(telemetry, 'freshet_interval_coverage_ratio')).toBeUndefined();
    telemetry.attach({ source: { stats: () => workerStats({ experts, intervalCoverageRatio: NaN }) } });
    expect(await valueOf(telemetry, 'freshet_interval_coverage_ratio')).toBeUndefined();
    expect((await familiesOf(telemetry)).get('freshet_prequential_rmse')?.samples).toEqual([]);
    expect(await valueOf(telemetry, 'freshet_rows', { kind: 'user' })).toBe(7);
    expect(await valueOf(telemetry, 'freshet_log_backlog')).toBeUndefined();
  });

  it('keep the reason label bounded', async () => {
    const deadLetters = { FRESHET_ID_INVALID: 1, 'made up 1': 2, 'made up 2': 3 };
    const telemetry = createTelemetry({
      source: { stats: () => workerStats({ partitions: [partition({ deadLetters })] }) },
    });
    const samples = (await familiesOf(telemetry)).get('freshet_dead_letters_total')!.samples;
    const reasons = samples.map(({ labels, value }) => [labels.reason, value]);
    expect(reasons).toEqual([
      ['FRESHET_ID_INVALID', 1],
      ['other', 5],
    ]);
    expect(rejectionCodes).not.toContain('other');
  });
});

describe('metrics of what happens', () => {
  it('count checkpoints by outcome, and the size of committed ones only', async () => {
    const telemetry = busyTelemetry();
    expect(await valueOf(telemetry, 'freshet_checkpoints_total', { partition: '0', outcome: 'committed' })).toBe(1);
    expect(await valueOf(telemetry, 'freshet_checkpoints_total', { partition: '1', outcome: 'failed' })).toBe(1);
    expect(await valueOf(telemetry, 'freshet_checkpoint_duration_seconds_sum', { outcome: 'committed' })).toBe(0.012);
    expect(await valueOf(telemetry, 'freshet_checkpoint_size_bytes_sum')).toBe(40_000);
    expect(await valueOf(telemetry, 'freshet_checkpoint_records_total', { partition: '0' })).toBe(300);
    expect(await valueOf(telemetry, 'freshet_checkpoint_records_total', { partition: '1' })).toBeUndefined();
  });

  it('measure restores', async () => {
    const telemetry = busyTelemetry();
    expect(await valueOf(telemetry, 'freshet_restore_duration_seconds_sum')).toBe(0.25);
    expect(await valueOf(telemetry, 'freshet_restored_records_total', { partition: '1' })).toBe(1_000);
  });

  it('show how far a restore is, until it is done or the partitions are assigned anew', async () => {
    const telemetry = busyTelemetry();
    const progress = (partition: number, topic = 'freshet-users') =>
      valueOf(telemetry, 'freshet_restore_progress_ratio', { partition: String(partition), topic });
    telemetry.restoring(2, 'freshet-users', 1);
    telemetry.restoring(2, 'freshet-items', 0.25);
    telemetry.restoring(3, 'freshet-users', 0.1);
    expect([await progress(2), await progress(2, 'freshet-items'), await progress(3)]).toEqual([1, 0.25, 0.1]);
    telemetry.restored(2, 100, 10);
    expect([await progress(2), await progress(2, 'freshet-items'), await progress(3)]).toEqual([
      undefined,
      undefined,
      0.1,
    ]);
    telemetry.rebalanced();
    expect(await progress(3)).toBeUndefined();
    expect(await valueOf(telemetry, 'freshet_rebalances_total')).toBe(2);
  });

  it('show the lag of the partitions that are held, and what waits', async () => {
    const lag = new Map([
      [0, 14],
      [5, 9],
    ]);
    const registry = { unansweredCount: 2 };
    const telemetry = createTelemetry({
      source: { stats: () => workerStats({ partitions: [partition({ schemaWaitMs: 1500 })] }) },
      lag: () => lag,
      registry,
    });
    expect(await valueOf(telemetry, 'freshet_consumer_lag', { partition: '0' })).toBe(14);
    expect(await valueOf(telemetry, 'freshet_consumer_lag', { partition: '5' })).toBeUndefined();
    expect(await valueOf(telemetry, 'freshet_schema_wait_seconds', { partition: '0' })).toBe(1.5);
    expect(await valueOf(telemetry, 'freshet_item_follow_lag_seconds')).toBe(0.04);
    expect(await valueOf(telemetry, 'freshet_registry_unanswered_total')).toBe(2);
    registry.unansweredCount = 5;
    expect(await valueOf(telemetry, 'freshet_registry_unanswered_total')).toBe(5);
  });

  it('show the networks that answer, and the training under way until it ends', async () => {
    const telemetry = busyTelemetry();
    expect(await valueOf(telemetry, 'freshet_model_rmse', { kind: 'deep', role: 'shadow' })).toBe(0.95);
    expect(await valueOf(telemetry, 'freshet_model_age_seconds', { kind: 'deep' })).toBe(60);
    expect(await valueOf(telemetry, 'freshet_model_weight', { kind: 'deep' })).toBe(0.4);
    expect(await valueOf(telemetry, 'freshet_model_events_total', { kind: 'deep', outcome: 'promoted' })).toBe(1);
    expect(await valueOf(telemetry, 'freshet_training_progress_ratio', { kind: 'rbm' })).toBe(0.25);
    telemetry.training('rbm', null);
    expect(await valueOf(telemetry, 'freshet_training_progress_ratio', { kind: 'rbm' })).toBeUndefined();
    expect(await valueOf(telemetry, 'freshet_training_loss', { kind: 'rbm' })).toBeUndefined();
    telemetry.attach({ networks: () => [] });
    expect(await valueOf(telemetry, 'freshet_model_ratings', { kind: 'deep', role: 'serving' })).toBeUndefined();
  });

  it('begin at 0 with a partition or a kind, so that their first event can be seen', async () => {
    const telemetry = createTelemetry();
    telemetry.restored(3, 10, 0);
    telemetry.modelEvent('deep', 'trained');
    const checkpoints = { partition: '3', outcome: 'failed' };
    expect(await valueOf(telemetry, 'freshet_checkpoints_total', checkpoints)).toBe(0);
    expect(await valueOf(telemetry, 'freshet_model_events_total', { kind: 'deep', outcome: 'failed' })).toBe(0);
    expect(await valueOf(telemetry, 'freshet_model_events_total', { kind: 'deep', outcome: 'trained' })).toBe(1);
    telemetry.checkpoint(3, 'failed', 5, 0, 0);
    telemetry.restored(3, 10, 0);
    expect(await valueOf(telemetry, 'freshet_checkpoints_total', checkpoints)).toBe(1);
  });

  it('count streams as requests without timing them', async () => {
    const telemetry = busyTelemetry();
    const stream = { method: 'GET', route: '/predictions/stream' };
    expect(await valueOf(telemetry, 'freshet_http_requests_total', { ...stream, status: '200' })).toBe(1);
    expect(await valueOf(telemetry, 'freshet_http_request_duration_seconds_count', stream)).toBeUndefined();
    const post = { method: 'POST', route: '/ratings' };
    expect(await valueOf(telemetry, 'freshet_http_request_duration_seconds_sum', post)).toBe(0.004);
  });

  it('are kept apart for each telemetry', async () => {
    busyTelemetry();
    expect(await valueOf(createTelemetry(), 'freshet_restore_duration_seconds_count')).toBe(0);
  });
});

describe('the exposition', () => {
  it('has each declared metric with its type and help, and the process beside them', async () => {
    const families = await familiesOf(busyTelemetry());
    for (const { name, type, help, labels } of declarations) {
      const family = families.get(name);
      expect(family, name).toMatchObject({ type, help });
      expect(family!.samples.length, name).toBeGreaterThan(0);
      for (const sample of family!.samples) {
        const own = Object.keys(sample.labels).filter((label) => label !== 'le');
        expect(own.sort(), name).toEqual([...labels].sort());
      }
    }
    const own = [...families.keys()].filter((name) => name.startsWith('freshet_'));
    expect(own.sort()).toEqual(declarations.map(({ name }) => name).sort());
    expect(families.has('process_resident_memory_bytes')).toBe(true);
  });

  it('has histograms whose buckets rise to their count', async () => {
    for (const [name, { type, samples }] of await familiesOf(busyTelemetry())) {
      if (type !== 'histogram') continue;
      const count = new Map<string, number>();
      const series = (labels: Readonly<Record<string, string>>): string => JSON.stringify({ ...labels, le: undefined });
      for (const sample of samples.filter((one) => one.name === `${name}_bucket`)) {
        expect(sample.value, name).toBeGreaterThanOrEqual(count.get(series(sample.labels)) ?? 0);
        count.set(series(sample.labels), sample.value);
      }
      for (const sample of samples.filter((one) => one.name === `${name}_count`)) {
        expect(count.get(series(sample.labels)), name).toBe(sample.value);
      }
    }
  });

  const promtool = spawnSync('promtool', ['--version']).error === undefined;
  it.skipIf(!promtool)('passes promtool', async () => {
    const input = await busyTelemetry().metricsText();
    const own = input.split('\n\n').filter((family) => family.startsWith('# HELP freshet_'));
    const check = spawnSync('promtool', ['check', 'metrics'], { input: `${own.join('\n')}\n`, encoding: 'utf8' });
    expect(check.stderr + check.stdout).toBe('');
    expect(check.status).toBe(0);
  });
});

describe('declarations', () => {
  it('follow the naming of Prometheus', () => {
    for (const { name, type, unit, labels, help } of declarations) {
      expect(name).toMatch(/^freshet(_[a-z0-9]+)+$/);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      if (unit === 'seconds' || unit === 'bytes' || unit === 'ratio') expect(name).toContain(`_${unit}`);
      expect(help, name).toMatch(/\.$/);
      for (const label of labels) expect(label).not.toMatch(/user|item|id$|event/i);
    }
  });
});

describe('docs/metrics.md', () => {
  const page = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$/gm)].map((row) =>
    row.slice(1),
  );

  it('lists each metric as it is declared, and no other', () => {
    const declared = declarations.map(({ name, type, unit, labels, help }) => [
      name,
      type,
      unit,
      labels.length === 0 ? '–' : labels.map((label) => `\`${label}\``).join(', '),
      help,
    ]);
    expect(rows).toEqual(declared);
  });

  it('names every metric of the process', async () => {
    const families = [...(await familiesOf(createTelemetry())).keys()];
    const others = families.filter((name) => !name.startsWith('freshet_'));
    expect(others.length).toBeGreaterThan(20);
    for (const name of others) expect(page).toContain(`\`${name}\``);
  });
});
