/**
 * What serving networks costs: five of them, with the shapes that are trained by default, beside as many users and items as
 * ML-1M has; users are remembered by 200 ratings. Prints a table, or one JSON object with --json; exit code 1 when a bar is missed.
 *
 *   npm run bench:networks [-- --rounds 150] [--events 300] [--json]
 *
 * A rating event is predicted and learned with the networks and without, in turns; the difference is theirs. Users known: each
 * network answers from its own rows. Users read: more is remembered of everybody than the networks were trained on, so that each of
 * them is fitted to the latest ratings first, which is the most that an event can cost. Times are the best round's: what other
 * processes take is not the networks'. Bytes are what the heap grows by when nothing is collected, over 200,000 events, beyond what
 * it grows by without networks; a number on the heap for each network would be 80, and what the compiler makes of the rest varies by 45.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { networkKinds } from '../dist/model/networks/kinds.js';
import { networkOf } from '../dist/model/networks/serving.js';
import { renderTable } from '../dist/cli/table.js';
import { itemIds, Stream, userIds } from './networks/stream.mjs';
import { trainedNetwork } from './networks/trained.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '150' },
    events: { type: 'string', default: '300' },
    remembered: { type: 'string', default: '200' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const events = Number(values.events);
const remembered = Number(values.remembered);

const stream = new Stream(remembered);
const networksFor = (trainedOn) => {
  const counts = userIds.map(() => trainedOn);
  return networkKinds.map((kind) => networkOf(trainedNetwork(kind, userIds, itemIds, counts), stream.kernel));
};
const known = networksFor(1_000_000);
const read = networksFor(1);
const serve = (networks) =>
  networkKinds.forEach((kind, n) => stream.learner.setNetwork(kind, 'serving', networks?.[n] ?? null));

function microseconds(calls, run) {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start) / 1000 / calls;
}

/** Of a rating event, by what serves. */
function eventTimes(contestants) {
  const best = contestants.map(() => Infinity);
  for (let round = 0; round < rounds; round++) {
    contestants.forEach((networks, c) => {
      serve(networks);
      // Not measured: rows are numbered anew for other networks.
      stream.run(events);
      best[c] = Math.min(
        best[c],
        microseconds(events, () => stream.run(events)),
      );
    });
  }
  return best;
}

/** Of one answer for a known pair. */
function answerTimes() {
  const nothing = { count: 0, items: new Int32Array(0), ratings: new Float64Array(0), stamp: 0 };
  return known.map((network) => {
    let best = Infinity;
    for (let round = 0; round < rounds; round++) {
      const run = () => {
        let user = round;
        let item = 7 * round;
        for (let n = 0; n < events; n++) {
          user = (user + 1_009) % userIds.length;
          item = (item + 2_003) % itemIds.length;
          network.predict(user, item, nothing);
        }
      };
      best = Math.min(best, microseconds(events, run));
    }
    return best;
  });
}

/** In a process that collects nothing while it is measured. */
function bytesOfEvent() {
  const script = fileURLToPath(new URL('networks/allocation.mjs', import.meta.url));
  const flags = ['--expose-gc', '--max-semi-space-size=128', '--min-semi-space-size=128'];
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, script, '--turns', '2'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const answers = answerTimes();
serve(known);
stream.run(20_000);
serve(read);
stream.run(20_000);
const [without, withKnown, withRead] = eventTimes([null, known, read]);
const bytes = bytesOfEvent();
const result = {
  remembered,
  microseconds: {
    eventWithoutNetworks: without,
    fiveWhenUsersAreKnown: withKnown - without,
    fiveWhenUsersAreRead: withRead - without,
    answers: Object.fromEntries(networkKinds.map((kind, n) => [kind, answers[n]])),
  },
  bytesOfEvent: bytes,
};
const bars = [
  ['five networks, an event of a user who is read, µs', '<= 60', result.microseconds.fiveWhenUsersAreRead, 60],
  ['five networks, an event of a user who is known, µs', '<= 60', result.microseconds.fiveWhenUsersAreKnown, 60],
  ['one answer of deep, µs', '< 3', result.microseconds.answers.deep, 3],
  ['five networks, left on the heap by an event, bytes', 'about 0', bytes.withNetworks - bytes.without, 60],
];
result.met = bars.every(([, , measured, bar]) => measured <= bar);
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else {
  const rows = [
    ...bars.map(([what, asked, measured, bar]) => [what, asked, measured.toFixed(2), measured <= bar ? 'yes' : 'no']),
    ['the event without networks, µs', '', without.toFixed(2), ''],
    ...networkKinds.map((kind, n) => [`one answer of ${kind}, µs`, '', answers[n].toFixed(2), '']),
  ];
  process.stdout.write(renderTable({ head: ['what', 'asked', 'measured', 'met'], rows }));
}
process.exitCode = result.met ? 0 : 1;
