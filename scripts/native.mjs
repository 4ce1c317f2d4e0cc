/**
 * `npm run native`: TensorFlow's own library for training, in the folder .tfjs-native beside this one. Nothing in the
 * project needs it: networks train on WebAssembly without.
 *
 * The library comes from where tfjs-node's installer takes it, when that can be reached, and from the PyPI package
 * tensorflow-cpu otherwise; then the addon is compiled here, against the headers of that package. The result is tried in a
 * process of its own, for a wrong library ends the process that loads it. A second call only tries again.
 *
 * Needs Linux with glibc; for PyPI also python3 with pip, and g++. ~/.cache/freshet/tfjs-native (or below $XDG_CACHE_HOME)
 * keeps what was downloaded and built.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const tfjsVersion = '4.22.0';
const tensorFlowVersion = '2.15.1';
/** With another layout of the cache comes another number. */
const recipe = 1;
const napiVersion = 8;

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, '.tfjs-native'));
const packageFolder = join(folder, 'node_modules/@tensorflow/tfjs-node');
const addonFolder = join(packageFolder, 'lib', `napi-v${napiVersion}`);
const addonPath = join(addonFolder, 'tfjs_binding.node');
const stampPath = join(folder, 'linked.json');
const caches = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'freshet/tfjs-native');
const cache = join(caches, `${tensorFlowVersion}-${process.platform}-${process.arch}-r${recipe}`);

const startMs = Date.now();
const say = (text) => process.stderr.write(`${((Date.now() - startMs) / 1000).toFixed(1)} s  ${text}\n`);

/** Throws with the end of what the command wrote. */
function run(command, args, options = {}) {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 2 ** 28,
      ...options,
    });
  } catch (error) {
    const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim().split('\n').slice(-12).join('\n');
    throw new Error(`${command} ${args[0] ?? ''} failed: ${said === '' ? error.message : said}`, { cause: error });
  }
}

/** What it is, when it computes a gradient as it should, in a process of its own; else null. */
function tryIt() {
  const program = `
    const util = require('node:util');
    util.isNullOrUndefined ??= (value) => value == null;
    util.isArray ??= Array.isArray;
    const tf = require('@tensorflow/tfjs-node');
    const w = tf.variable(tf.tensor2d([[1, 2], [3, 4]]));
    tf.train.adam(0.1).minimize(() => tf.matMul(w, w).square().mean());
    const first = w.dataSync()[0];
    if (tf.getBackend() !== 'tensorflow' || Math.abs(first - 0.9) > 1e-3) throw new Error('it computes ' + first);
    process.stdout.write(JSON.stringify({ tensorFlowVersion: tf.backend().binding.TF_Version, tfjsVersion: tf.version['tfjs-core'] }));
  `;
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' };
  const { status, stdout } = spawnSync(process.execPath, ['-e', program], { cwd: folder, encoding: 'utf8', env });
  return status === 0 ? JSON.parse(stdout.slice(stdout.lastIndexOf('{'))) : null;
}

function installPackage() {
  if (existsSync(join(packageFolder, 'binding/tfjs_binding.cc'))) return;
  say(`npm install @tensorflow/tfjs-node@${tfjsVersion}, without its install script`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  run('npm', ['install', ...options, `@tensorflow/tfjs-node@${tfjsVersion}`], { cwd: folder });
}

/** The package's own way, which fetches library and addon. False when its host cannot be reached. */
async function fromOfficialHost() {
  try {
    await fetch('https://storage.googleapis.com/tensorflow/', { method: 'HEAD', signal: AbortSignal.timeout(4000) });
  } catch {
    return false;
  }
  say("tfjs-node's own download");
  try {
    run('npm', ['run', 'install'], { cwd: packageFolder });
    return true;
  } catch (error) {
    say(error.message);
    return false;
  }
}

/** The library and its C headers out of the wheel, once for each version; complete or not there at all. */
function fillCache() {
  if (existsSync(cache)) return;
  mkdirSync(caches, { recursive: true });
  const part = mkdtempSync(join(caches, 'part-'));
  try {
    say(`pip download tensorflow-cpu ${tensorFlowVersion}`);
    const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
    const platforms = ['manylinux_2_27', 'manylinux_2_17', 'manylinux2014'].flatMap((name) => [
      '--platform',
      `${name}_${machine}`,
    ]);
    const python = ['--python-version', '3.11', '--implementation', 'cp', '--only-binary=:all:', '--no-deps'];
    run('python3', [
      '-m',
      'pip',
      'download',
      '-q',
      ...python,
      ...platforms,
      '-d',
      part,
      `tensorflow-cpu==${tensorFlowVersion}`,
    ]);
    const wheel = join(
      part,
      readdirSync(part).find((name) => name.endsWith('.whl')),
    );
    const cacheOf = join(part, 'cache');
    run('python3', ['-c', extraction, wheel, cacheOf]);
    rmSync(wheel);
    const libraries = join(cacheOf, 'lib');
    for (const name of readdirSync(libraries)) {
      try {
        run('strip', ['--strip-unneeded', join(libraries, name)]);
      } catch {
        say(`${name} is not stripped: there is no strip`);
      }
    }
    // The names that the addon and the package look for.
    for (const version of ['', '.2'])
      symlinkSync('libtensorflow_cc.so.2', join(libraries, `libtensorflow.so${version}`));
    symlinkSync('libtensorflow_framework.so.2', join(libraries, 'libtensorflow_framework.so'));
    rename(cacheOf, cache);
    say(`kept in ${cache}`);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

/** Another process may have come first. */
function rename(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

const extraction = `
import os, shutil, sys, zipfile
wheel, out = sys.argv[1:]
include = 'tensorflow/include/'
wanted = ('tensorflow/c/', 'tensorflow/core/platform/', 'tensorflow/tsl/', 'tsl/', 'external/local_tsl/tsl/')
for name in zipfile.ZipFile(wheel).namelist():
    base = os.path.basename(name)
    if base in ('libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'): to = 'lib/' + base
    elif 'LICENSE' in base and 'dist-info' in name: to = 'LICENSE'
    elif name.startswith(include) and name.endswith('.h') and name[len(include):].startswith(wanted):
        to = 'include/' + name[len(include):]
    else: continue
    os.makedirs(os.path.dirname(os.path.join(out, to)), exist_ok=True)
    with zipfile.ZipFile(wheel).open(name) as source, open(os.path.join(out, to), 'wb') as target:
        shutil.copyfileobj(source, target, 1 << 20)
if not os.path.exists(os.path.join(out, 'lib/libtensorflow_cc.so.2')): sys.exit('the wheel has no libtensorflow_cc.so.2')
`;

/** Node's API is stable over its versions: one addon serves all of them. */
function buildAddon() {
  const built = join(cache, `addon-${tfjsVersion}-napi${napiVersion}.node`);
  if (!existsSync(built)) {
    say('g++ compiles the addon');
    const part = `${built}.${process.pid}`;
    const flags = ['-std=c++17', '-O2', '-fPIC', '-shared', '-pthread', '-s'];
    const names = ['-DNODE_GYP_MODULE_NAME=tfjs_binding', '-DBUILDING_NODE_EXTENSION', `-DNAPI_VERSION=${napiVersion}`];
    const include = [nodeHeaders(), packageFolder, join(cache, 'include')].map((path) => `-I${path}`);
    const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(packageFolder, 'binding', name));
    const libraries = [`-L${join(cache, 'lib')}`, '-ltensorflow', '-ltensorflow_framework'];
    const paths = ['$ORIGIN/../../deps/lib', join(cache, 'lib')].map((path) => `-Wl,-rpath,${path}`);
    run(process.env.CXX ?? 'g++', [...flags, ...names, ...include, ...sources, ...libraries, ...paths, '-o', part]);
    renameSync(part, built);
  }
  mkdirSync(addonFolder, { recursive: true });
  copyFileSync(built, addonPath);
}

/** Those of this Node, or those of the npm package that has them. */
function nodeHeaders() {
  const prefix = join(dirname(process.execPath), '..', 'include/node');
  for (const path of [prefix, '/usr/include/node', '/usr/local/include/node']) {
    if (existsSync(join(path, 'node_api.h'))) return path;
  }
  const headers = join(caches, 'node-api-headers');
  run('npm', ['install', '--prefix', headers, '--no-audit', '--no-fund', 'node-api-headers@1.5.0']);
  return join(headers, 'node_modules/node-api-headers/include');
}

function linkLibrary() {
  const deps = join(packageFolder, 'deps');
  rmSync(deps, { recursive: true, force: true });
  mkdirSync(deps, { recursive: true });
  for (const name of ['lib', 'include']) symlinkSync(join(cache, name), join(deps, name));
}

async function link() {
  if (process.platform !== 'linux')
    throw new Error(`it is only known how to do this on Linux, and this is ${process.platform}`);
  if (existsSync(stampPath)) {
    const found = tryIt();
    if (found !== null) return found;
    rmSync(stampPath);
  }
  installPackage();
  if (await fromOfficialHost()) {
    const found = tryIt();
    if (found !== null) return found;
  }
  fillCache();
  linkLibrary();
  buildAddon();
  const found = tryIt();
  if (found === null) throw new Error('the addon does not load, or computes wrongly');
  return found;
}

try {
  const found = await link();
  writeFileSync(stampPath, `${JSON.stringify(found)}\n`);
  say(`TensorFlow ${found.tensorFlowVersion} is linked in ${folder}: deep networks train on it from now on`);
} catch (error) {
  say(`TensorFlow is not linked, and networks train on WebAssembly as before: ${error.message}`);
  process.exitCode = 1;
}
