/**
 * What a user row, a remembered rating and an item row cost in memory, at the default settings, without the user posterior and with
 * it: 100,000 items, 1,000,000 users, some 4 million ratings (most users have a few, few have hundreds). Takes some minutes
 * and 1 GB. Prints a table of asked, measured and met, or one JSON object with --json; exit code 1 when a row is over its bar.
 *
 *   npm run bench:memory [-- --users N] [--items N] [--json]
 *
 * Id strings are not counted: they are made before. What it costs to find a row by its id, and the id by its row, is told apart for
 * items, and counted for users.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { seededRandom } from '../dist/adapters/synthetic/seeded-random.js';
import { createPlainKernel } from '../dist/kernel/plain.js';
import { IdTable } from '../dist/model/id-table.js';
import { ItemTable } from '../dist/model/item-table.js';
import { Learner } from '../dist/model/learner.js';
import { defaultSettings, withPosterior } from '../dist/model/settings.js';

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '1000000' },
    items: { type: 'string', default: '100000' },
    /** Measures one of the two in this process. */
    mode: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const eventsPerBatch = 1000;
const userCount = Number(values.users);
const itemCount = Number(values.items);
if (!(userCount > 0) || !(itemCount > 2 * eventsPerBatch)) {
  process.stderr.write('Run it as: npm run bench:memory [-- --users N] [--items N] [--json]\n');
  process.exit(2);
}

/** Bytes; an item row beyond its id. */
const barsOf = ({ sketchWidth }) => ({ userRow: 260, rememberedRating: 16, itemRow: 160 + 2 * sketchWidth });
const startSeconds = 1.7e9;
// Replay moves factors and adds no memory: without it the bench is three times as fast.
const allSettings = { without: { ...defaultSettings, sketchWidth: 0 }, with: withPosterior(defaultSettings) };
const settingsOf = (mode) => ({ ...allSettings[mode], effort: 'fast' });

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

function measure(settings) {
  const bars = barsOf(settings);
  const chance = seededRandom(1);
  const userIds = idsOf('user', userCount);
  const itemIds = idsOf('item', itemCount);
  const events = usersOfEvents(chance);

  const withoutIds = usedBytes();
  const ids = new IdTable();
  itemIds.forEach((id, row) => {
    ids.add(id, row);
    ids.settle();
  });
  const idBytes = (usedBytes() - withoutIds) / ids.size;

  const items = new ItemTable(settings, createPlainKernel());
  const learner = new Learner(settings, items);
  let learned = 0;
  const learn = (userId, itemId) => {
    const seconds = startSeconds + learned;
    learner.predictOne(learner.users.find(userId), items.find(itemId), seconds);
    learner.learnOne(userId, itemId, 1 + Math.floor(chance.uniform() * 9) / 2, seconds, 1);
    if (++learned % eventsPerBatch === 0) learner.settle();
  };

  // One user rates every item, so that the item rows are there, touched, before the users are measured. The first two batches
  // make the room in which a batch can be undone: that is not a row's.
  const first = itemIds.splice(0, 2 * eventsPerBatch);
  for (const itemId of first) learn('a user of all items', itemId);
  learner.settle();
  const empty = usedBytes();
  for (const itemId of itemIds) learn('a user of all items', itemId);
  learner.settle();
  const withItems = usedBytes();
  for (const user of events) learn(userIds[user], itemIds[Math.floor(itemIds.length * chance.uniform() ** 3)]);
  learner.settle();
  const withUsers = usedBytes();

  let remembered = 0;
  learner.users.forEach((_, row) => learner.forEachRemembered(row, () => remembered++));
  const perUserBytes = (withUsers - withItems) / userCount;
  const itemRowBytes = (withItems - empty) / itemIds.length - idBytes;
  const userRowBytes = perUserBytes - (bars.rememberedRating * remembered) / userCount;
  return {
    k: settings.k,
    sketchWidth: settings.sketchWidth,
    historyLimit: settings.historyLimit,
    users: learner.users.size,
    items: items.size,
    ratings: learned,
    rememberedRatings: remembered,
    userRowBytes,
    perUserBytes,
    itemRowBytes,
    itemIdBytes: idBytes,
    bars,
    isMet: userRowBytes <= bars.userRow && itemRowBytes <= bars.itemRow,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

/** In a process of its own: nothing of one measurement is left in the other. */
function measureApart(mode) {
  const args = ['--expose-gc', fileURLToPath(import.meta.url), '--users', values.users, '--items', values.items];
  return JSON.parse(execFileSync(process.execPath, [...args, '--mode', mode], { encoding: 'utf8' }));
}

if (values.mode !== '') process.stdout.write(JSON.stringify(measure(settingsOf(values.mode))));
else {
  const reports = { without: measureApart('without'), with: measureApart('with') };
  if (values.json) process.stdout.write(`${JSON.stringify(reports)}\n`);
  else {
    const head = ['posterior', 'bytes of each', 'how many', 'asked', 'measured', 'met'];
    const table = new Table({ head, style: { head: [], border: [], compact: true } });
    for (const [mode, report] of Object.entries(reports)) {
      const row = (name, count, bytes, bar) =>
        table.push([
          mode,
          name,
          count,
          ...(bar === undefined
            ? ['', bytes.toFixed(1), '']
            : [`<= ${bar}`, bytes.toFixed(1), bytes <= bar ? 'yes' : 'no']),
        ]);
      const { bars } = report;
      row(
        `user row, beyond ${bars.rememberedRating} a remembered rating`,
        report.users,
        report.userRowBytes,
        bars.userRow,
      );
      row('user with all that is remembered', report.users, report.perUserBytes);
      row('item row, beyond its id', report.items, report.itemRowBytes, bars.itemRow);
      row('to find an item by its id, and back', report.items, report.itemIdBytes);
    }
    process.stdout.write(`${table.toString()}\n`);
  }
  process.exitCode = Object.values(reports).every(({ isMet }) => isMet) ? 0 : 1;
}
