import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import ts from 'typescript';
import { endProcess, guardedProcesses } from './guarded-processes.ts';
import { until } from './until.ts';
import { removeFolder } from '../remove-folder.ts';

const owner = `
  import { guardedProcesses } from './guarded-processes.mjs';
  const processes = guardedProcesses('freshet-guarded-');
  process.send({ folder: processes.folder, processId: processes.run('sleeper', 'sleep', ['600']).pid });
  setInterval(() => {}, 1000);
`;
const source = readFileSync(new URL('guarded-processes.ts', import.meta.url), 'utf8');
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) removeFolder(folder);
});

/** An owner in a process of its own, which need not understand TypeScript. */
async function givenOwner() {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-'));
  folders.push(folder);
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  writeFileSync(join(folder, 'guarded-processes.mjs'), ts.transpile(source, options));
  writeFileSync(join(folder, 'owner.mjs'), owner);
  const child = spawn(process.execPath, [join(folder, 'owner.mjs')], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [message] = (await once(child, 'message')) as [{ folder: string; processId: number }];
  return { child, ...message };
}

function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}

describe('guarded processes', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)('go, with their folder, when their owner ends by %s', async (signal) => {
    const { child, folder, processId } = await givenOwner();
    expect([isAlive(processId), existsSync(folder)]).toEqual([true, true]);
    child.kill(signal);
    await until('all of it is gone', () => !isAlive(processId) && !existsSync(folder));
  });

  it('go when they are told to, also when one of them has ended before', async () => {
    const processes = guardedProcesses('freshet-guarded-');
    const ended = processes.run('ended', 'sleep', ['600']);
    const running = processes.run('running', 'sleep', ['600']);
    await endProcess(ended, 'SIGKILL');
    expect(isAlive(running.pid!)).toBe(true);
    await processes.end();
    await until('the other is gone', () => !isAlive(running.pid!));
    expect(existsSync(processes.folder)).toBe(false);
  });

  it('write what they print into a log of their name', async () => {
    const processes = guardedProcesses('freshet-guarded-');
    const child = processes.run('speaker', 'sh', ['-c', 'echo said; echo wrong >&2']);
    await once(child, 'exit');
    expect(readFileSync(join(processes.folder, 'speaker.log'), 'utf8')).toBe('said\nwrong\n');
    await processes.end();
  });
});
