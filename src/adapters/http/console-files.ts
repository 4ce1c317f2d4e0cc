/** The files of the console, read once when somebody asks for the first of them, compressed beside the event loop. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';

export interface ConsoleFile {
  readonly type: string;
  readonly etag: string;
  readonly plain: Buffer;
  readonly br: Buffer;
  readonly gzip: Buffer;
}
/** By name. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>;

export const consolePage = 'index.html';
const folder = new URL('../../console/', import.meta.url);
const types: ReadonlyMap<string, string> = new Map([
  ['html', 'text/html; charset=utf-8'],
  ['css', 'text/css; charset=utf-8'],
  ['js', 'text/javascript; charset=utf-8'],
  ['svg', 'image/svg+xml'],
]);
/** The charts: the build puts them beside the other files; from the sources they are read where their package has them. */
const packaged: readonly (readonly [name: string, path: string])[] = [
  ['uplot.js', 'uplot/dist/uPlot.iife.min.js'],
  ['uplot.css', 'uplot/dist/uPlot.min.css'],
];

/** Reads at the first call; what failed is tried again at the next. */
export function createConsoleFiles(): () => Promise<ConsoleFiles> {
  let reading: Promise<ConsoleFiles> | undefined;
  return () => {
    reading ??= readAll().catch((error: unknown) => {
      reading = undefined;
      throw error;
    });
    return reading;
  };
}

async function readAll(): Promise<ConsoleFiles> {
  const { resolve } = createRequire(import.meta.url);
  const names = await readdir(folder);
  const missing = packaged.filter(([name]) => !names.includes(name));
  const sources = [
    ...names.map((name) => [name, new URL(name, folder)] as const),
    ...missing.map(([name, path]) => [name, resolve(path)] as const),
  ];
  const files = await Promise.all(
    sources.map(async ([name, path]) => {
      const type = types.get(name.slice(name.lastIndexOf('.') + 1));
      return type === undefined ? [] : [[name, await fileOf(type, await readFile(path))] as const];
    }),
  );
  return new Map(files.flat());
}

async function fileOf(type: string, plain: Buffer): Promise<ConsoleFile> {
  const [br, zipped] = await Promise.all([promisify(brotliCompress)(plain), promisify(gzip)(plain)]);
  return { type, etag: `"${createHash('sha256').update(plain).digest('base64url')}"`, plain, br, gzip: zipped };
}
