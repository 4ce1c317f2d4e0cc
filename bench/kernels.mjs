/**
 * Each SIMD kernel beside its plain twin at k = 32, in nanoseconds, and the exact top 10 of many items in milliseconds.
 * Prints a table, or one JSON object with --json; exit code 1 when a bar is missed.
 *
 *   npm run bench:kernels -- [--json] [--items 100000,1000000]
 *
 * Rows are picked at random from more than the caches hold, as the stream picks them. Each figure is the best of many
 * short rounds: what other processes take is not the kernel's.
 */
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { createKernel } from '../dist/kernel/choose.js';
import { gramScratchCells, packedSize } from '../dist/kernel/kernel.js';
import { ItemScan } from '../dist/model/item-scan.js';
import { ItemTable } from '../dist/model/item-table.js';
import { defaultSettings } from '../dist/model/settings.js';
import { seededRandom } from '../dist/adapters/synthetic/seeded-random.js';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, items: { type: 'string', default: '100000,1000000' } },
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
  const scratch = floats(gramScratchCells(n, k, sketchCells));
  const [factorDots, sketchDots] = [floats(packedSize(n)), floats(packedSize(n))];

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
  const posterior = definite(n, floats);
  const posteriorCopy = floats(packedSize(n));
  const right = floats(n, (i) => Math.sin(i));
  let sink = 0;

  return {
    'dot, one call each': (calls) => {
      for (let i = 0; i < calls; i++) sink += kernel.dot(pick(i), pick(i + 7777), k);
    },
    'dot, as pairs of 48 rows (gram)': {
      per: packedSize(n),
      run: (calls) => {
        for (let i = 0; i < calls; i++) kernel.gram(parts.address, n, k, stride, 0, scratch, factorDots, 0);
      },
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
    'SGD step, one call each': (calls) => {
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
    'kernel fill, 48 items, factors and 256-wide sketches': (calls) => {
      for (let i = 0; i < calls; i++) {
        kernel.gram(parts.address, n, k, stride, sketchCells, scratch, factorDots, sketchDots);
      }
    },
    'Cholesky and two solves, 48, float32': (calls) => {
      for (let i = 0; i < calls; i++) {
        kernel.copy(posteriorCopy, posterior, packedSize(n));
        if (!kernel.factor(posteriorCopy, n, 1e-3)) throw new Error('not positive definite');
        kernel.forward(posteriorCopy, right, n);
        kernel.forward(posteriorCopy, right, n);
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
  const { sink, ...benches } = benchesOf(kernel);
  const times = Object.entries(benches).map(([name, bench]) => {
    const { per = 1, run = bench } = typeof bench === 'function' ? {} : bench;
    run(50);
    run(2000 / per);
    // Rounds of a millisecond or two, so that some are not interrupted.
    const calls = Math.max(2, Math.round(1.5e6 / best(2, run)));
    return [name, best(calls, run) / per];
  });
  if (!Number.isFinite(sink())) throw new Error('the sums overflowed');
  return times;
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
  const times = Array.from({ length: 60 }, (_, i) => {
    const from = performance.now();
    scan.best(users[i % users.length], 10);
    return performance.now() - from;
  }).sort((x, y) => x - y);
  return { items: count, firstMs, bestMs: times[0], medianMs: times[30], p90Ms: times[54] };
}

const bars = {
  'dot, as pairs of 48 rows (gram)': 4,
  'SGD step, of 8 replayed in a call': 4,
  'kernel fill, 48 items, factors and 256-wide sketches': 4,
};
const topBars = { 100_000: 2, 1_000_000: 20 };

const plain = measured(createKernel('plain'));
const simd = new Map(measured(createKernel('simd')));
const kernels = plain.map(([name, plainNs]) => {
  const simdNs = simd.get(name);
  return { name, plainNs, simdNs, speedup: plainNs / simdNs, bar: bars[name] ?? null };
});
const top = values.items
  .split(',')
  .map((count) => ({ ...topOf(Number(count)), barMs: topBars[Number(count)] ?? null }));
const isOver =
  kernels.some(({ speedup, bar }) => bar !== null && speedup < bar) ||
  top.some(({ medianMs, barMs }) => barMs !== null && medianMs > barMs);

if (values.json) process.stdout.write(`${JSON.stringify({ k, kernels, top })}\n`);
else {
  const style = { head: [], border: [] };
  const table = new Table({ head: ['kernel', 'plain ns', 'SIMD ns', 'times', 'bar'], style });
  for (const { name, plainNs, simdNs, speedup, bar } of kernels)
    table.push([name, plainNs.toFixed(1), simdNs.toFixed(1), speedup.toFixed(1), bar ?? '']);
  const tops = new Table({ head: ['exact top 10 of', 'best ms', 'median ms', 'p90 ms', 'first, ms', 'bar'], style });
  for (const { items, bestMs, medianMs, p90Ms, firstMs, barMs } of top)
    tops.push([items, bestMs.toFixed(2), medianMs.toFixed(2), p90Ms.toFixed(2), firstMs.toFixed(1), barMs ?? '']);
  process.stdout.write(`${table.toString()}\n${tops.toString()}\n`);
}
process.exitCode = isOver ? 1 : 0;
