/**
 * Bytes that a rating event leaves on the heap, without networks and with five; run by ../networks.mjs and by a test, with
 * --expose-gc and a young generation that holds all of it, so that nothing is collected in between. Prints JSON.
 *
 *   node --expose-gc --min-semi-space-size=128 --max-semi-space-size=128 allocation.mjs [--events 200000] [--turns 1]
 *
 * Of several turns the least counts: code that is not compiled yet allocates. `wasteful`: with networks that make an object at each
 * answer, which shows that it would be seen.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { networkKinds } from '../../dist/model/networks/kinds.js';
import { networkOf } from '../../dist/model/networks/serving.js';
import { itemIds, Stream, userIds as allUserIds } from './stream.mjs';
import { trainedNetwork } from './trained.mjs';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '200000' },
    turns: { type: 'string', default: '1' },
  },
});
const events = Number(values.events);
const warmUpEvents = 10_000;
/** Fewer are there sooner, and what they leave is the same. */
const userIds = allUserIds.slice(0, 500);
/** Ratings of each user in the training: all are behind, so that everything that a network may do is done. */
const trainedOn = 1;

let collections = 0;
new PerformanceObserver((list) => (collections += list.getEntries().length)).observe({ entryTypes: ['gc'] });
const stream = new Stream(200, userIds);
const counts = userIds.map(() => trainedOn);
const networks = networkKinds.map((kind) => networkOf(trainedNetwork(kind, userIds, itemIds, counts), stream.kernel));
const kept = [];
const wasting = networks.map((network) => ({
  ...network,
  predictInto(...asked) {
    kept[0] = { asked };
    network.predictInto(...asked);
  },
}));
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

async function bytesOfEvent(serving, count = events) {
  networkKinds.forEach((kind, n) => stream.learner.setNetwork(kind, 'serving', serving?.[n] ?? null));
  stream.run(warmUpEvents);
  let least = Infinity;
  for (let turn = 0; turn < Number(values.turns); turn++) {
    globalThis.gc();
    await settled();
    const before = collections;
    const start = process.memoryUsage().heapUsed;
    stream.run(count);
    const grown = process.memoryUsage().heapUsed - start;
    await settled();
    if (collections > before) throw new Error(`${collections - before} collections while it was measured`);
    least = Math.min(least, grown / count);
  }
  return least;
}

const before = await bytesOfEvent(null);
const withNetworks = await bytesOfEvent(networks);
// Once more: what is compiled meanwhile leaves less.
const without = Math.min(before, await bytesOfEvent(null));
const wasteful = await bytesOfEvent(wasting, Math.min(events, 20_000));
process.stdout.write(JSON.stringify({ events, without, withNetworks, wasteful }));
