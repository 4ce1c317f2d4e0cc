/**
 * Each SIMD kernel beside its plain twin at k = 32, in nanoseconds, and the exact top 10 of many items in milliseconds.
 * Prints tables of what is asked, measured and met, or one JSON object with --json; exit code 1 when a bar is missed.
 *
 *   npm run bench:kernels -- [--json] [--items 100000,1000000]
 *
 * "At random": rows are picked from more than the caches hold, as the stream picks them; then both kernels wait for memory, and
 * what is asked is asked of the kernels that do many rows in a call, and of single calls on rows in the cache. Each figure is the
 * best of many short rounds: what other processes take is not the kernel's.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { createKernel } from '../dist/kernel/choose.js';
import { covarianceScratchCells, headFactors, packedSize, paddedCount } from '../dist/kernel/kernel.js';
import { ItemScan } from '../dist/model/item-scan.js';
import { ItemTable } from '../dist/model/item-table.js';
import { defaultSettings } from '../dist/model/settings.js';
import { seededRandom } from '../dist/adapters/synthetic/seeded-random.js';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    items: { type: 'string', default: '100000,1000000' },
    /** Measures one kernel in this process. */
    kernel: { type: 'string', default: '' },
  },
});

const k = 32;
const stride = 36;
const rowsPerBlock = 1024;
const rowCount = 32 * 1024;
const rounds = 40;

/** Best time of one call, in nanoseconds, over rounds of `calls`. */
function best(calls, run) {
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    run(calls);
    least = Math.min(least, Number(process.hrtime.bigint() - start) / calls);
  }
  return least;
}

/** The kernels under measurement with operands of their own, the same numbers for both. */
function benchesOf(kernel) {
  const { memory } = kernel;
  const { uniform, normal } = seededRandom(1);
  const blocks = Array.from({ length: rowCount / rowsPerBlock }, () => memory.allocate(rowsPerBlock * stride));
  for (const { floats } of blocks) for (let i = 0; i < floats.length; i++) floats[i] = 0.1 * normal();
  const rowAt = (row) => blocks[row >> 10].address + (row & 1023) * stride;
  const picks = Int32Array.from({ length: 1 << 16 }, () => rowAt(Math.floor(uniform() * rowCount)));
  const pick = (i) => picks[i & 0xffff];
  const cellAt = (address) => {
    const block = blocks.find((b) => address >= b.address && address < b.address + rowsPerBlock * stride);
    return block.floats[address - block.address];
  };
  const nearby = Int32Array.from({ length: 64 }, (_, row) => rowAt(row));
  const near = (i) => nearby[i & 63];
  const doubles = (n, fill) => {
    const block = memory.allocate(2 * n);
    for (let i = 0; i < n; i++) block.doubles[i] = fill(i);
    return block.address;
  };
  const floats = (n, fill = () => 0) => {
    const block = memory.allocate(n);
    for (let i = 0; i < n; i++) block.floats[i] = fill(i);
    return block.address;
  };

  const n = 48;
  const sketchCells = 128; // 256 counts of 16 bits
  const parts = memory.allocate(2 * n);
  const sketched = Array.from({ length: 2 * n }, () => {
    const block = memory.allocate(stride + sketchCells);
    for (let f = 0; f < k; f++) block.floats[f] = 0.1 * normal();
    for (let c = 0; c < 2 * sketchCells; c++) block.shorts[2 * stride + c] = Math.round(10 * normal());
    return block.address;
  });
  sketched.forEach((address, i) => (parts.words[i] = address));
  const scratch = floats(covarianceScratchCells(n, sketchCells));
  const matrixStride = paddedCount(n + 1);
  const { address: matrix, floats: matrixCells } = memory.allocate(n * matrixStride);
  const terms = floats(4 * n, (i) => (i < n ? 0.001 : 1));
  const prior = floats(9, (i) => (i < 6 ? 0.1 : -0.1));
  const dots = floats(2 * sketched.length);
  const rows = memory.allocate(sketched.length);
  rows.words.set(sketched);

  const entries = memory.allocate(4 * 8);
  const listOf = (i) => {
    for (let e = 0; e < 8; e++) {
      entries.words[4 * e] = pick(3 * i + 2 * e);
      entries.words[4 * e + 1] = pick(3 * i + 2 * e + 1);
      entries.floats[4 * e + 2] = 3;
      entries.floats[4 * e + 3] = 1;
    }
  };

  /** Diagonally dominant: always positive definite. */
  const definite = (d, make) =>
    make(packedSize(d), (cell) => {
      const i = Math.floor((Math.sqrt(8 * cell + 1) - 1) / 2);
      return cell === packedSize(i + 1) - 1 ? d : 0.3 * Math.sin(cell);
    });
  const d = 41;
  const a = definite(d, doubles);
  const [b, w, x, gain] = [1, 2, 3, 4].map((seed) => doubles(d, (i) => Math.sin(seed + i)));
  const solveScratch = doubles(packedSize(d), () => 0);
  const sums = definite(d, doubles);
  const inverse = doubles(packedSize(d), (cell) => {
    const i = Math.floor((Math.sqrt(8 * cell + 1) - 1) / 2);
    return cell === packedSize(i + 1) - 1 ? 1 : 0;
  });
  const posterior = floats(n * matrixStride, (cell) => {
    const [i, j] = [Math.floor(cell / matrixStride), cell % matrixStride];
    return i === j ? n : Math.sin(i + j);
  });
  // Every tail may matter, so that all 32 factors of every item are read.
  const heap = memory.allocate(2 * 10);
  const scanned = { biases: floats(1024), norms: floats(1024, () => 1), heads: 0, tails: 0 };
  for (const half of ['heads', 'tails']) scanned[half] = floats(1024 * headFactors, (i) => Math.sin(i));
  const scanAll = () => {
    const { biases, norms, heads, tails } = scanned;
    return kernel.topScan(heap.address, 0, 10, biases, norms, heads, tails, k - headFactors, 1024, 0, rowAt(0), 1e9);
  };
  let sink = 0;

  /** What the kernels that are asked for give, to compare with the other's. */
  const results = () => {
    const found = Array.from({ length: 1000 }, (_, i) => kernel.dot(pick(i), pick(i + 7777), k));
    for (let i = 0; i < 64; i++) kernel.sgdStep(rowAt(i), rowAt(i + 64), rowAt(i + 128), k, 0.1, 0.05, 0.05, 0.1);
    for (let row = 0; row < 192; row++) found.push(...blocks[0].floats.subarray(row * stride, row * stride + k));
    listOf(0);
    kernel.replay(pick(0), entries.address, 8, k, 3, 6, 0.05, 0.05, 0.01, 40, 0.1);
    for (let e = 0; e < 8; e++)
      found.push(...Array.from({ length: k }, (_, f) => cellAt(entries.words[4 * e + 1] + f)));
    scanAll();
    found.push(...Array.from({ length: 10 }, (_, i) => heap.floats[2 * i]).sort((x, y) => x - y));
    kernel.covariances(parts.address, n, stride, sketchCells, terms, prior, matrix, matrixStride, scratch);
    for (let i = 0; i < n; i++) for (let j = i; j < n; j++) found.push(matrixCells[i * matrixStride + j]);
    return found;
  };

  return {
    results,
    'dot, of a user with 1024 items (topScan)': {
      per: 1024,
      run: (calls) => {
        for (let i = 0; i < calls; i++) sink += scanAll();
      },
    },
    'dot, a call each, rows in the cache': (calls) => {
      const { dot } = kernel;
      let sum = 0;
      for (let i = 0; i < calls; i++) sum += dot(nearby[i & 63], nearby[(i + 7) & 63], k);
      sink += sum;
    },
    'dot, a call each, rows at random': (calls) => {
      let sum = 0;
      for (let i = 0; i < calls; i++) sum += kernel.dot(pick(i), pick(i + 7777), k);
      sink += sum;
    },
    'add 34': (calls) => {
      for (let i = 0; i < calls; i++) kernel.add(pick(i), pick(i + 7777), 34);
    },
    'sum 34 (an item of two parts)': (calls) => {
      for (let i = 0; i < calls; i++) kernel.sum(scratch, pick(i), pick(i + 7777), 34);
    },
    'axpy 32': (calls) => {
      for (let i = 0; i < calls; i++) kernel.axpy(pick(i), pick(i + 7777), k, 1e-9);
    },
    'SGD step, a call each, rows in the cache': (calls) => {
      for (let i = 0; i < calls; i++) {
        kernel.sgdStep(near(i), near(i + 7), near(i + 13), k, 0.1, 1e-4, 1e-4, 0.1);
      }
    },
    'SGD step, a call each, rows at random': (calls) => {
      for (let i = 0; i < calls; i++) {
        kernel.sgdStep(pick(i), pick(i + 7777), pick(i + 3333), k, 0.1, 1e-4, 1e-4, 0.1);
      }
    },
    'SGD step, of 8 replayed in a call': {
      per: 8,
      run: (calls) => {
        for (let i = 0; i < calls; i++) {
          listOf(i);
          kernel.replay(pick(i), entries.address, 8, k, 3, 6, 1e-4, 1e-4, 1e-4, 40, 0.1);
        }
      },
    },
    'sketch dot, 256 counts': (calls) => {
      for (let i = 0; i < calls; i++)
        sink += kernel.sketchDot(sketched[i % 96] + stride, sketched[(i + 7) % 96] + stride, sketchCells);
    },
    'sketch add, 256 counts': (calls) => {
      for (let i = 0; i < calls; i++)
        kernel.sketchAdd(sketched[i % 96] + stride, sketched[(i + 7) % 96] + stride, sketchCells);
    },
    'dots of a sketch with 96 others': {
      per: sketched.length,
      run: (calls) => {
        for (let i = 0; i < calls; i++)
          kernel.sketchDots(sketched[0] + stride, rows.address, 96, stride, sketchCells, k, dots, dots + 96);
      },
    },
    'kernel fill, 48 ratings and 256-wide sketches': (calls) => {
      for (let i = 0; i < calls; i++)
        kernel.covariances(parts.address, n, stride, sketchCells, terms, prior, matrix, matrixStride, scratch);
    },
    'Cholesky and two solves, 48, float32': (calls) => {
      for (let i = 0; i < calls; i++) {
        kernel.copy(matrix, posterior, n * matrixStride);
        if (!kernel.eliminate(matrix, n, n, matrixStride, matrixStride, 1e-3)) throw new Error('not positive definite');
      }
    },
    'add outer product, 41 doubles': (calls) => {
      for (let i = 0; i < calls; i++) kernel.addOuter(sums, x, d, 1e-9);
    },
    'solve, 41 doubles': (calls) => {
      for (let i = 0; i < calls; i++) if (!kernel.solve(a, b, w, d, solveScratch)) throw new Error('not solved');
    },
    'RLS update, 41 doubles': (calls) => {
      for (let i = 0; i < calls; i++) kernel.updateInverse(inverse, x, d, 1, gain);
    },
    sink: () => sink,
  };
}

function measured(kernel) {
  const { sink, results, ...benches } = benchesOf(kernel);
  const found = results();
  const times = Object.entries(benches).map(([name, bench]) => {
    const { per = 1, run = bench } = typeof bench === 'function' ? {} : bench;
    run(50);
    run(2000 / per);
    // Rounds of a millisecond or two, so that some are not interrupted.
    const calls = Math.max(2, Math.round(1.5e6 / best(2, run)));
    return [name, best(calls, run) / per];
  });
  if (!Number.isFinite(sink())) throw new Error('the sums overflowed');
  return { times, found };
}

/** Exact top 10 of items like those that were learned: factors of all, biases of all. */
function topOf(count) {
  const kernel = createKernel('simd');
  const { normal } = seededRandom(2);
  const items = new ItemTable(defaultSettings, kernel);
  const foreign = new Float32Array(items.cells);
  for (let item = 0; item < count; item++) {
    for (let f = 0; f < k; f++) foreign[f] = 0.15 * normal();
    foreign[k] = 3 * normal();
    foreign[k + 1] = 10;
    items.addForeign(items.ensure(`i${item}`), foreign, 1);
  }
  const scan = new ItemScan(items, defaultSettings.itemDamping);
  const users = Array.from({ length: 16 }, () => Float32Array.from({ length: k }, () => 0.3 * normal()));
  const start = performance.now();
  scan.best(users[0], 10);
  const firstMs = performance.now() - start;
  for (let i = 0; i < 30; i++) scan.best(users[i % users.length], 10);
  const times = Array.from({ length: 60 }, (_, i) => {
    const from = performance.now();
    scan.best(users[i % users.length], 10);
    return performance.now() - from;
  }).sort((x, y) => x - y);
  return { items: count, firstMs, bestMs: times[0], medianMs: times[30], p90Ms: times[54] };
}

/** In a process of its own, as in a worker, which knows one kernel: a call whose target may be another takes 10 ns more. */
function measuredApart(kernel) {
  const args = [fileURLToPath(import.meta.url), '--kernel', kernel];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 26 }));
}
if (values.kernel !== '') {
  process.stdout.write(JSON.stringify(measured(createKernel(values.kernel))));
  process.exit();
}

const barSpeedup = 4;
const barDifference = 1e-5;
/** What is asked of: dot, SGD step and kernel fill. */
const asked = new Set([
  'dot, of a user with 1024 items (topScan)',
  'dot, a call each, rows in the cache',
  'SGD step, a call each, rows in the cache',
  'SGD step, of 8 replayed in a call',
  'kernel fill, 48 ratings and 256-wide sketches',
]);
const topBarsMs = { 100_000: 2, 1_000_000: 20 };

const [plain, simd] = [measuredApart('plain'), measuredApart('simd')];
const simdTimes = new Map(simd.times);
const kernels = plain.times.map(([name, plainNs]) => {
  const simdNs = simdTimes.get(name);
  const speedup = plainNs / simdNs;
  return { name, plainNs, simdNs, speedup, bar: asked.has(name) ? barSpeedup : null, isMet: speedup >= barSpeedup };
});
/** Largest difference of a result, relative to its size where that is more than 1. */
const difference = plain.found.reduce(
  (most, value, i) => Math.max(most, Math.abs(value - simd.found[i]) / Math.max(1, Math.abs(value))),
  0,
);
const top = values.items.split(',').map((count) => {
  const measuredTop = topOf(Number(count));
  const barMs = topBarsMs[Number(count)] ?? null;
  return { ...measuredTop, barMs, isMet: barMs === null || measuredTop.medianMs <= barMs };
});
const isAllMet =
  kernels.every(({ bar, isMet }) => bar === null || isMet) && difference <= barDifference && top.every((t) => t.isMet);

if (values.json) process.stdout.write(`${JSON.stringify({ k, kernels, difference, barDifference, top })}\n`);
else {
  const style = { head: [], border: [], compact: true };
  const yesNo = (isMet) => (isMet ? 'yes' : 'no');
  const table = new Table({ head: ['kernel', 'plain ns', 'SIMD ns', 'asked', 'measured', 'met'], style });
  for (const { name, plainNs, simdNs, speedup, bar, isMet } of kernels)
    table.push([
      name,
      plainNs.toFixed(1),
      simdNs.toFixed(1),
      bar === null ? '' : `>= ${bar} times`,
      speedup.toFixed(1),
      bar === null ? '' : yesNo(isMet),
    ]);
  table.push([
    'largest difference of the two',
    '',
    '',
    `<= ${barDifference}`,
    difference.toExponential(1),
    yesNo(difference <= barDifference),
  ]);
  const tops = new Table({ head: ['exact top 10 of', 'first, ms', 'best', 'p90', 'asked', 'median', 'met'], style });
  for (const { items, bestMs, medianMs, p90Ms, firstMs, barMs, isMet } of top)
    tops.push([
      items,
      ...[firstMs, bestMs, p90Ms].map((ms) => ms.toFixed(2)),
      barMs === null ? '' : `<= ${barMs} ms`,
      medianMs.toFixed(2),
      barMs === null ? '' : yesNo(isMet),
    ]);
  process.stdout.write(`${table.toString()}\n${tops.toString()}\n`);
}
process.exitCode = isAllMet ? 0 : 1;
