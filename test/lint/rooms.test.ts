/** The rules of the rooms, seen from the side of somebody who breaks them: each violation is planted into a real file. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const cwd = fileURLToPath(new URL('../..', import.meta.url));
const roomRules = [
  '@typescript-eslint/no-restricted-imports',
  'no-restricted-syntax',
  'no-restricted-globals',
  'no-restricted-properties',
];
const eslint = new ESLint({ cwd, ruleFilter: ({ ruleId }) => roomRules.includes(ruleId) });

/** What the lint says about `code` if it stood in `filePath`, by the rules of the rooms. */
async function complaints(filePath: string, code: string): Promise<string[]> {
  const results = await eslint.lintText(`${code}\n`, { filePath });
  return results.flatMap(({ messages }) => messages.map(({ message }) => message));
}

/** A file of each room, and the sentence that its rule teaches. */
const rooms = {
  model: { file: 'src/model/stack.ts', teaches: 'model/ and kernel/ are pure' },
  'model/experts': { file: 'src/model/experts/bias.ts', teaches: 'model/ and kernel/ are pure' },
  kernel: { file: 'src/kernel/plain.ts', teaches: 'model/ and kernel/ are pure' },
  ports: { file: 'src/ports/codec.ts', teaches: 'ports/ holds types only' },
  train: { file: 'src/train/seed-listings.ts', teaches: 'train/ fits networks' },
  stream: { file: 'src/stream/task.ts', teaches: 'stream/ is the flow over ports' },
  adapters: { file: 'src/adapters/http/server.ts', teaches: 'An adapter knows ports/' },
  settings: { file: 'src/config.ts', teaches: 'Settings are read the same way' },
  console: { file: 'src/console/main.js', teaches: 'console/ is what a browser gets' },
  cli: { file: 'src/cli/run.ts', teaches: 'nobody imports it' },
  errors: { file: 'src/errors.ts', teaches: 'errors.ts imports nothing' },
} as const;
type Room = keyof typeof rooms;

const importOf = (path: string): string => `import { x } from '${path}'; x();`;
const typeImportOf = (path: string): string => `import type { X } from '${path}'; export type Y = X;`;

const refusedImports: readonly (readonly [Room, string])[] = [
  ['model', 'node:fs'],
  ['model', 'fs'],
  ['model', 'pino'],
  ['model', '../stream/task.ts'],
  ['model', '../ports/clock.ts'],
  ['model', '../adapters/system/clock.ts'],
  ['model', '../cli/run.ts'],
  ['model/experts', 'node:crypto'],
  ['model/experts', '../../stream/task.ts'],
  ['model/experts', '../../config.ts'],
  ['kernel', 'node:worker_threads'],
  ['kernel', '../ports/clock.ts'],
  ['ports', '../model/settings.ts'],
  ['ports', '../errors.ts'],
  ['ports', '../kernel/kernel.ts'],
  ['ports', '../stream/task.ts'],
  ['ports', 'node:buffer'],
  ['ports', 'avsc'],
  ['console', 'uplot'],
  ['console', '../ports/serving.ts'],
  ['console', '../adapters/http/server.ts'],
  ['console', 'node:fs'],
  ['train', '../stream/task.ts'],
  ['train', '../adapters/files/read-ratings.ts'],
  ['train', '../ports/clock.ts'],
  ['train', 'node:fs'],
  ['stream', '../adapters/system/clock.ts'],
  ['stream', './../adapters/system/clock.ts'],
  ['stream', '../model/../adapters/system/clock.ts'],
  ['stream', '../train/seed-data.ts'],
  ['stream', '../cli/run.ts'],
  ['stream', 'node:timers/promises'],
  ['stream', 'lru-cache'],
  ['adapters', '../../stream/worker.ts'],
  ['adapters', '../../train/seed-data.ts'],
  ['adapters', '../../cli/run.ts'],
  ['adapters', '../../kernel/plain.ts'],
  ['adapters', '../../model/scale.ts'],
  ['adapters', '../../ports/../stream/worker.ts'],
  ['adapters', '../avro/codec.ts'],
  ['adapters', '../../adapters/avro/codec.ts'],
  ['adapters', './../avro/codec.ts'],
  ['settings', './stream/task.ts'],
  ['settings', './adapters/logging/log.ts'],
  ['settings', './cli/run.ts'],
  ['errors', 'node:util'],
  ['errors', './config.ts'],
];

const refusedTypes: readonly (readonly [Room, string])[] = [
  ['ports', 'node:stream'],
  ['ports', '../stream/task.ts'],
  ['stream', '../adapters/embedded/embedded-store.ts'],
  ['adapters', '../avro/codec.ts'],
  ['adapters', '../../stream/worker.ts'],
  ['model', '../ports/clock.ts'],
];

const refusedCode: readonly (readonly [Room, string, string])[] = [
  ...(['model', 'model/experts', 'kernel', 'stream'] as const).flatMap((room): (readonly [Room, string, string])[] => [
    [room, 'export const a = Date.now();', 'No clock here'],
    [room, "export const a = Date['now']();", 'No clock here'],
    [room, 'const { now } = Date; export const a = now();', 'No clock here'],
    [room, 'export const a = new Date();', 'No clock here'],
    [room, 'export const a = Date();', 'No clock here'],
    [room, 'export const a = Math.random();', 'No chance here'],
    [room, 'const { random } = Math; export const a = random();', 'No chance here'],
    [room, 'export const a = crypto.randomUUID();', 'are pure'],
    [room, 'export const a = process.env;', 'are pure'],
    [room, 'export const a = globalThis.process;', 'are pure'],
    [room, "console.log('x');", 'are pure'],
    [room, 'setTimeout(() => undefined, 1);', 'are pure'],
    [room, 'queueMicrotask(() => undefined);', 'are pure'],
    [room, 'export const a = performance.now();', 'are pure'],
    [room, "export const a = Buffer.from('x');", 'are pure'],
  ]),
  ['model', "export const a = await import('node:fs');", rooms.model.teaches],
  ['kernel', "export const a = await import('../stream/task.ts');", rooms.kernel.teaches],
  ['stream', "export const a = await import('../adapters/system/clock.ts');", rooms.stream.teaches],
  ['ports', "export const a = await import('node:fs');", rooms.ports.teaches],
  ['ports', 'export const a = 1;', rooms.ports.teaches],
  ['ports', 'export function a(): void {}', rooms.ports.teaches],
  ['ports', 'export class A {}', rooms.ports.teaches],
  ['model', "export { x } from 'node:fs';", rooms.model.teaches],
  ['stream', "export * from '../adapters/system/clock.ts';", rooms.stream.teaches],
];

const allowed: readonly (readonly [Room, string])[] = [
  ['model', importOf('../kernel/kernel.ts')],
  ['model', importOf('../errors.ts')],
  ['model/experts', importOf('../settings.ts')],
  ['model/experts', importOf('../../kernel/kernel.ts')],
  ['model', 'export const a = new Date(0).getTime() + Math.sqrt(2);'],
  ['ports', typeImportOf('../model/settings.ts')],
  ['ports', typeImportOf('./events.ts')],
  ['train', typeImportOf('../ports/ratings-table.ts')],
  ['train', importOf('@tensorflow/tfjs-core')],
  ['stream', importOf('../model/learner.ts')],
  ['stream', importOf('../errors.ts')],
  ['adapters', importOf('node:stream')],
  ['adapters', importOf('fastify')],
  ['adapters', importOf('../../errors.ts')],
  ['adapters', importOf('../../ports/transport.ts')],
  ['adapters', typeImportOf('../../model/scale.ts')],
  ['cli', importOf('../adapters/http/server.ts')],
];

describe('the rules of the rooms', () => {
  it.each(refusedImports)('refuse in %s an import of %s', async (room, path) => {
    const { file, teaches } = rooms[room];
    expect(await complaints(file, importOf(path))).toEqual([expect.stringContaining(teaches)]);
  });

  it.each(refusedTypes)('refuse in %s even a type of %s', async (room, path) => {
    const { file, teaches } = rooms[room];
    expect(await complaints(file, typeImportOf(path))).toEqual([expect.stringContaining(teaches)]);
  });

  it.each(refusedCode)('refuse in %s: %s', async (room, code, teaches) => {
    expect(await complaints(rooms[room].file, code)).toContainEqual(expect.stringContaining(teaches));
  });

  it.each(allowed)('allow in %s: %s', async (room, code) => {
    expect(await complaints(rooms[room].file, code)).toEqual([]);
  });

  it('let no room see main.ts, and only cli/ and main.ts see the settings', async () => {
    const rootFiles = readdirSync(`${cwd}src`).filter((name) => name.endsWith('.ts') && name !== 'errors.ts');
    expect(rootFiles).toContain('main.ts');
    for (const [room, { file, teaches }] of Object.entries(rooms)) {
      const upwards = '../'.repeat(file.split('/').length - 2) || './';
      for (const name of rootFiles) {
        const isSetting = name !== 'main.ts';
        if (isSetting && (room === 'cli' || room === 'settings')) continue;
        const found = await complaints(file, importOf(`${upwards}${name}`));
        expect({ room, name, found }).toEqual({ room, name, found: [expect.stringContaining(teaches)] });
      }
    }
    expect(await complaints('test/config.test.ts', importOf('../src/main.ts'))).toHaveLength(1);
  });

  it('hold for the whole tree', async () => {
    const results = await eslint.lintFiles(['src']);
    const found = results.flatMap(({ filePath, messages }) => messages.map(({ message }) => `${filePath}: ${message}`));
    expect(found).toEqual([]);
    expect(results.length).toBeGreaterThan(100);
  });
});
