/**
 * One size of bench/growth.mjs, in a process of its own: learns generated ratings, each predicted first, and tells what an
 * event costs as the work grows. Prints one JSON object; progress goes to standard error.
 *
 *   node bench/growth/run.mjs '{"users":10000,"items":100000,"ratings":1000000,"effort":"balanced"}'
 */
import { seededRandom } from '../../dist/adapters/synthetic/seeded-random.js';
import { createKernel } from '../../dist/kernel/choose.js';
import { ItemTable } from '../../dist/model/item-table.js';
import { Learner } from '../../dist/model/learner.js';
import { defaultSettings, withPosterior } from '../../dist/model/settings.js';

const { users, items: itemCount, ratings, effort, kernel = 'auto' } = JSON.parse(process.argv[2]);
const eventsPerBatch = 1000;
const windowCount = 20;
const startSeconds = 1.6e9;

const settings = effort === 'full' ? withPosterior(defaultSettings) : { ...defaultSettings, effort };
const newLearner = () => new Learner(settings, new ItemTable(settings, createKernel(kernel)));
// The first events of a process cost what compiling its code costs: they are another learner's.
const warmUpRatings = 30_000;
let learner = newLearner();

// As a message brings them: bytes, of which every event makes strings anew, whose hash nobody knows yet.
const idLength = 12;
const idsOf = (prefix, count) =>
  Buffer.from(Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(idLength - 2, '0')}`).join(''));
const userIds = idsOf('u-', users);
const itemIds = idsOf('i-', itemCount);
const idAt = (ids, i) => ids.latin1Slice(i * idLength, (i + 1) * idLength);

const { uniform, normal } = seededRandom(1, users);
const biasOf = Float32Array.from({ length: itemCount }, () => 0.5 * normal());
const batch = {
  users: new Uint32Array(eventsPerBatch),
  items: new Uint32Array(eventsPerBatch),
  ratings: new Float64Array(eventsPerBatch),
};

/** Every event another user: nothing of the last one's rows helps. The busiest users rate some hundred times as often as the least busy. */
function generate(count) {
  for (let i = 0; i < count; i++) {
    batch.users[i] = users * uniform() ** 1.3;
    batch.items[i] = itemCount * uniform() ** 2;
    const opinion = 3 + biasOf[batch.items[i]] + ((batch.users[i] % 7) - 3) / 8 + 0.8 * normal();
    batch.ratings[i] = Math.min(5, Math.max(1, Math.round(opinion)));
  }
}

let learned = 0;
function learn(count) {
  for (let i = 0; i < count; i++) {
    const userId = idAt(userIds, batch.users[i]);
    const itemId = idAt(itemIds, batch.items[i]);
    const seconds = startSeconds + learned++;
    learner.predictOne(learner.users.find(userId), learner.items.find(itemId), seconds);
    learner.learnOne(userId, itemId, batch.ratings[i], seconds, 1);
  }
  learner.settle();
}

for (let at = 0; at < warmUpRatings; at += eventsPerBatch) {
  generate(eventsPerBatch);
  learn(eventsPerBatch);
}
learner = newLearner();
learned = 0;

const windows = [];
for (let window = 0; window < windowCount; window++) {
  const end = Math.round(((window + 1) * ratings) / windowCount);
  const from = learned;
  let cpuMicroseconds = 0;
  while (learned < end) {
    const count = Math.min(eventsPerBatch, end - learned);
    generate(count);
    const before = process.cpuUsage();
    learn(count);
    const { user, system } = process.cpuUsage(before);
    cpuMicroseconds += user + system;
  }
  windows.push({ ratings: learned, cpuMicrosecondsPerEvent: cpuMicroseconds / (learned - from), cpuMicroseconds });
  process.stderr.write(
    `${users} users: ${learned} of ${ratings} ratings, ${windows.at(-1).cpuMicrosecondsPerEvent.toFixed(2)} µs an event\n`,
  );
}

const total = windows.reduce((sum, window) => sum + window.cpuMicroseconds, 0);
process.stdout.write(
  JSON.stringify({
    users,
    usersMet: learner.users.size,
    items: learner.items.size,
    ratings: learned,
    cpuMicrosecondsPerEvent: total / learned,
    lastCpuMicrosecondsPerEvent: windows.slice(-2).reduce((sum, w) => sum + w.cpuMicrosecondsPerEvent, 0) / 2,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    windows: windows.map(({ ratings: at, cpuMicrosecondsPerEvent }) => ({ ratings: at, cpuMicrosecondsPerEvent })),
  }) + '\n',
);
