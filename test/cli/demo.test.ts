import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DemoReport } from '../../src/cli/demo-report.ts';
import { runCommand, runForJson } from '../support/run-command.ts';
import { removeFolder } from '../support/remove-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'freshet-demo-test-'));
afterAll(() => removeFolder(folder));

describe('freshet demo', () => {
  test('publishes a prediction for every rating, and its error falls below both baselines towards the optimum', async () => {
    const report = await runForJson<DemoReport>('demo', '--events', '20000');
    expect(report.predictions).toBe(20_000);
    const { mean, bias, blend, optimum } = report.window as Record<'mean' | 'bias' | 'blend' | 'optimum', number>;
    expect(bias).toBeLessThan(mean);
    expect(blend).toBeLessThan(bias);
    expect(optimum).toBeLessThan(blend);
    expect(report.recommendations).toHaveLength(5);
    expect(report.lastPrediction?.sourceOffset).toBe(19_999);
    expect(report.points.length).toBeGreaterThan(5);
  });

  test('takes real ratings, whose optimum nobody knows', async () => {
    const path = join(folder, 'mine.csv');
    const rows = Array.from({ length: 300 }, (_, i) => `u${i % 20},i${i % 13},${1 + (i % 5)},${1e9 + i}`);
    writeFileSync(path, ['userId,itemId,rating,timestamp', ...rows].join('\n'));
    const { code, stdout } = await runCommand('demo', '--ratings', path, '--scale', '1..5');
    expect(code).toBe(0);
    expect(stdout).toContain('freshet: the published prediction');
    expect(stdout).toContain('Five recommendations for');
    expect(stdout).not.toContain('optimum');
  });
});
