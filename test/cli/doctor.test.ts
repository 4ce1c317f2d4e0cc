import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dataFolderChecks } from '../../src/cli/doctor/data-folder.ts';
import { kernelCheck, memoryCheck, nodeCheck, trainingCheck } from '../../src/cli/doctor/machine.ts';
import { storeChecks } from '../../src/cli/doctor/store.ts';
import { removeFolder } from '../support/remove-folder.ts';

it.each([
  ['20.18.9', 'problem'],
  ['18.20.0', 'problem'],
  ['20.19.0', 'fine'],
  ['22.0.0', 'fine'],
])('judges Node %s as %s', (version, state) => expect(nodeCheck(version).state).toBe(state));

it('knows the limit of the control group from none', () => {
  const gibibyte = 2 ** 30;
  expect(memoryCheck(gibibyte, 8 * gibibyte, gibibyte)).toMatchObject({
    state: 'fine',
    found: expect.stringContaining('1024 MiB (limit'),
  });
  for (const none of [0, 2 ** 64]) expect(memoryCheck(none, 8 * gibibyte, gibibyte).found).toContain('no limit');
  expect(memoryCheck(2 ** 26, 8 * gibibyte, gibibyte)).toMatchObject({ state: 'warning' });
});

it('says which kernel will be used', () => {
  expect(kernelCheck(true)).toMatchObject({ state: 'fine', found: 'simd' });
  expect(kernelCheck(false)).toMatchObject({ state: 'warning', found: 'plain' });
});

it('says what networks are trained on', () => {
  expect(trainingCheck(null).found).toContain('tfjs-wasm');
  const native = { tfjsVersion: '4.22.0', tensorFlowVersion: '2.15.1' };
  expect(trainingCheck(native).found).toContain('tfjs-node 4.22.0 on TensorFlow 2.15.1');
});

it('says that the disk was not tried where nothing can be written', async () => {
  const [check, ...others] = await storeChecks('/proc/nowhere');
  expect(others).toEqual([]);
  expect(check).toMatchObject({ name: 'disk', state: 'warning', found: expect.stringContaining('not tried: ') });
  expect(check?.advice).toContain('TMPDIR');
});

it('looks at a data folder and changes nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-doctor-test-'));
  try {
    writeFileSync(join(folder, 'a'), Buffer.alloc(2 ** 20));
    expect(dataFolderChecks(folder)[0]).toMatchObject({
      state: 'fine',
      found: expect.stringContaining('1 files, 1 MiB'),
    });
    expect(dataFolderChecks(join(folder, 'new', 'one'))[0]?.found).toContain('does not exist yet');
    expect(dataFolderChecks(join(folder, 'a'))[0]).toMatchObject({ state: 'problem' });
    expect(readdirSync(folder)).toEqual(['a']);
  } finally {
    removeFolder(folder);
  }
});
