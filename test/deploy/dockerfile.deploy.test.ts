import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { pythonPrograms } from '../support/deploy/tools.ts';
import { root } from '../docs/pages.ts';

it('hadolint finds nothing wrong with the Dockerfile', { timeout: 300_000 }, async () => {
  const { path, environment } = await pythonPrograms();
  const env = { ...process.env, ...environment };
  const { stdout } = await promisify(execFile)(
    path('hadolint'),
    ['--failure-threshold', 'style', `${root}deploy/Dockerfile`],
    { env },
  );
  expect(stdout).toBe('');
});
