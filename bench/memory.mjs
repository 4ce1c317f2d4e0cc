/**
 * What a user row, a remembered rating and an item row cost in memory, beyond their id strings, at the default settings:
 * 100,000 items, 1,000,000 users, some 4 million ratings (most users have a few, few have hundreds). Takes about a minute
 * and 1 GB. Prints a table, or one JSON object with --json; exit code 1 when a row is over its bar.
 *
 *   npm run build && node --expose-gc bench/memory.mjs [--users N] [--items N] [--json]
 */
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { seededRandom } from '../dist/adapters/synthetic/seeded-random.js';
import { createPlainKernel } from '../dist/kernel/plain.js';
import { ItemTable } from '../dist/model/item-table.js';
import { Learner } from '../dist/model/learner.js';
import { defaultSettings } from '../dist/model/settings.js';

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '1000000' },
    items: { type: 'string', default: '100000' },
    json: { type: 'boolean', default: false },
  },
});
const userCount = Number(values.users);
const itemCount = Number(values.items);
if (globalThis.gc === undefined || !(userCount > 0) || !(itemCount > 0)) {
  process.stderr.write('Run it as: node --expose-gc bench/memory.mjs [--users N] [--items N] [--json]\n');
  process.exit(2);
}

const bars = { userRow: 260, rememberedRating: 16, itemRow: 420 };
const eventsPerBatch = 1000;
const startSeconds = 1.7e9;
// Replay moves factors and adds no memory: without it the bench is three times as fast.
const settings = { ...defaultSettings, effort: 'fast' };

/** Heap and array buffers in use, after everything that can go has gone. */
function usedBytes() {
  for (let pass = 0; pass < 3; pass++) globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Flat one-byte strings, made before anything is measured: what the caller's ids cost is not ours. */
const idsOf = (prefix, count) =>
  Array.from({ length: count }, (_, i) => Buffer.from(`${prefix}-${String(i).padStart(8, '0')}`).toString('latin1'));

/** The user of each event, in random order; the number of ratings a user gives follows a Pareto law. */
function usersOfEvents({ uniform }) {
  const counts = Uint32Array.from({ length: userCount }, () => Math.min(500, (1 - uniform()) ** (-1 / 1.3)));
  const events = new Uint32Array(counts.reduce((sum, count) => sum + count, 0));
  let at = 0;
  counts.forEach((count, user) => {
    events.fill(user, at, at + count);
    at += count;
  });
  for (let i = events.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [events[i], events[j]] = [events[j], events[i]];
  }
  return events;
}

const chance = seededRandom(1);
const userIds = idsOf('user', userCount);
const itemIds = idsOf('item', itemCount);
const events = usersOfEvents(chance);
const items = new ItemTable(settings, createPlainKernel());
const learner = new Learner(settings, items);

let learned = 0;
function learn(userId, itemId) {
  const seconds = startSeconds + learned;
  learner.predictOne(learner.users.find(userId), items.find(itemId), seconds);
  learner.learnOne(userId, itemId, 1 + Math.floor(chance.uniform() * 9) / 2, seconds, 1);
  if (++learned % eventsPerBatch === 0) learner.settle();
}

// One user rates every item, so that the item rows are there, touched, before the users are measured.
const empty = usedBytes();
for (const itemId of itemIds) learn('a user of all items', itemId);
learner.settle();
const withItems = usedBytes();
for (const user of events) learn(userIds[user], itemIds[Math.floor(itemCount * chance.uniform() ** 3)]);
learner.settle();
const withUsers = usedBytes();

let remembered = 0;
learner.users.forEach((_, row) => learner.forEachRemembered(row, () => remembered++));
const itemRowBytes = (withItems - empty) / itemCount;
const perUserBytes = (withUsers - withItems) / userCount;
const report = {
  k: settings.k,
  users: learner.users.size,
  items: items.size,
  ratings: learned,
  rememberedRatings: remembered,
  userRowBytes: perUserBytes - (bars.rememberedRating * remembered) / userCount,
  perUserBytes,
  itemRowBytes,
  bars,
  peakRssBytes: process.resourceUsage().maxRSS * 1024,
};
const isOver = report.userRowBytes > bars.userRow || report.itemRowBytes > bars.itemRow;

if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else {
  const table = new Table({ head: ['', 'how many', 'bytes each', 'bar'], style: { head: [], border: [] } });
  table.push(
    [
      `user row, beyond ${bars.rememberedRating} a remembered rating`,
      report.users,
      report.userRowBytes.toFixed(1),
      bars.userRow,
    ],
    ['user with all that is remembered', report.users, perUserBytes.toFixed(1), ''],
    ['item row', report.items, itemRowBytes.toFixed(1), bars.itemRow],
  );
  process.stdout.write(`${table.toString()}\n`);
  process.stdout.write(
    `${learned} ratings, ${remembered} of them remembered; ${isOver ? 'over the bar' : 'under the bars'}\n`,
  );
}
process.exitCode = isOver ? 1 : 0;
