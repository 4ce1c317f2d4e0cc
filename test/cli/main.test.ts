import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runFreshet } from '../support/run-freshet.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

describe('freshet', () => {
  it('prints its version and its commands', async () => {
    expect(await runFreshet(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    const help = await runFreshet(['--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('doctor');
  });

  it('exits with 2 on wrong usage and prints nothing on stdout', async () => {
    const result = await runFreshet(['seed', 'lop', '--jsn'], { FRESHET_VERBOSE: 'loud' });
    expect(result.code).toBe(2);
    expect(result.stdout).toBe('');
    expect(result.stderr).toContain('3 problems');
  });

  it('reads a config file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'freshet-main-'));
    try {
      const path = join(folder, 'freshet.json');
      await writeFile(path, '{"json": true}');
      const { code, stdout } = await runFreshet(['seed', 'loop', '--config', path]);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ listing: 'loop', iterations: 5000 });
      expect((await runFreshet(['seed', 'loop'], { FRESHET_CONFIG: path })).stdout).toBe(stdout);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('examines the machine, for machines', async () => {
    const { code, stdout, stderr } = await runFreshet(['doctor', '--json']);
    const report = JSON.parse(stdout) as { healthy: boolean; checks: { name: string }[] };
    expect(report.checks.map((check) => check.name)).toEqual([
      'node',
      'platform',
      'cpus',
      'memory',
      'kernel',
      'training',
      'heap limit',
      'lmdb',
      'disk',
    ]);
    expect({ code, stderr, healthy: report.healthy }).toEqual({ code: 0, stderr: '', healthy: true });
  });

  it('fails when the data folder cannot be one', async () => {
    const { code, stdout } = await runFreshet(['doctor', '--data', '/dev/null']);
    expect(code).toBe(1);
    expect(stdout).toContain('is not a folder');
  });
});
