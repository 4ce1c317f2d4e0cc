/**
 * Compiles src/kernel/assembly (AssemblyScript) into src/kernel/simd-module.ts, when its sources or this script changed.
 * `npm run build` calls it first; a test compiles again and compares. --force compiles in any case.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
const sources = new URL('src/kernel/assembly/', root);
export const target = new URL('src/kernel/simd-module.ts', root);

const options = [
  ...['--optimizeLevel', '3', '--shrinkLevel', '0', '--converge', '--noAssert', '--runtime', 'stub'],
  ...['--importMemory', '--noExportMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
  ...['--enable', 'simd', '--enable', 'threads'],
];

/** Names the sources, the options and the compiler: equal digests give equal modules. */
export function digestOfSources() {
  const hash = createHash('sha256').update(options.join(' '));
  // As it is pinned: the compiler need not be there when nothing changed.
  hash.update(JSON.parse(readFileSync(new URL('package.json', root), 'utf8')).devDependencies.assemblyscript);
  for (const name of readdirSync(sources).sort()) hash.update(name).update(readFileSync(new URL(name, sources)));
  return hash.digest('hex');
}

/** The compiled module. */
export async function compileKernel() {
  const { default: asc } = await import('assemblyscript/asc');
  let binary;
  const { error, stderr } = await asc.main(
    ['index.ts', '--baseDir', fileURLToPath(sources), '--outFile', 'kernel.wasm', ...options],
    {
      writeFile(name, contents) {
        if (name === 'kernel.wasm') binary = contents;
      },
    },
  );
  if (error) throw new Error(`The kernels do not compile:\n${stderr.toString()}`, { cause: error });
  return binary;
}

export const moduleSource = (binary, digest) =>
  [
    '/**',
    ' * Compiled from assembly/ by scripts/build-kernel.mjs: do not edit.',
    ` * Sources: ${digest}`,
    ' */',
    `export const simdModule =\n  '${Buffer.from(binary).toString('base64')}';`,
    '',
  ].join('\n');

async function build(force) {
  const digest = digestOfSources();
  if (!force && existsSync(target) && readFileSync(target, 'utf8').includes(digest)) return;
  writeFileSync(target, moduleSource(await compileKernel(), digest));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build(process.argv.includes('--force'));
