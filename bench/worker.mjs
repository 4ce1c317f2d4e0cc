/** What benches of a worker over HTTP have in common: a stream of made-up ratings, the worker, and who posts to it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { syntheticRatings } from '../dist/adapters/synthetic/synthetic-ratings.js';

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
export const round = (number, digits = 0) => Number(number.toFixed(digits));

/** Bodies of POST /ratings, so many ratings in each; what is left of `count` is left out. */
export function bodiesOf(count, batchRatings) {
  const table = syntheticRatings({ seed: 9, events: count, users: 20_000, items: 5_000 });
  const entry = (i) => ({
    userId: table.users[table.userIndex[i]],
    itemId: table.items[table.itemIndex[i]],
    rating: table.ratings[i],
    ratedAt: table.ratedAtMs[i],
    eventId: `event-${i}`,
  });
  return Array.from({ length: Math.floor(count / batchRatings) }, (_, batch) =>
    Buffer.from(JSON.stringify(Array.from({ length: batchRatings }, (_, i) => entry(batch * batchRatings + i)))),
  );
}

/** On an empty folder; `node`: flags of Node. */
export async function startWorker(folder, flags = [], node = []) {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const run = ['run', '--data', folder, '--http-port', '0', '--scale', '0.5..5', ...flags];
  const child = spawn(process.execPath, [...node, main, ...run], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { msg, httpPort } = JSON.parse(line);
      if (msg === 'ready') resolve(httpPort);
    });
    child.once('exit', () => reject(new Error('the worker did not start')));
  });
  return {
    port,
    /** Of all its threads; 0 where the system does not tell. */
    cpuSeconds() {
      try {
        const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
          .replace(/^.*\) /, '')
          .split(' ');
        return (Number(fields[11]) + Number(fields[12])) / 100;
      } catch {
        return 0;
      }
    },
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** Posts until it is accepted; resolves with how often it had to come back. */
export function post(agent, port, body) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const asked = request({ agent, port, host: '127.0.0.1', method: 'POST', path: '/ratings', headers }, (response) => {
      const { statusCode } = response;
      response.resume().once('end', () => {
        if (statusCode === 202) resolve(0);
        else if (statusCode !== 429) reject(new Error(`POST /ratings answered ${statusCode}`));
        else {
          const pauseMs = 1000 * Number(response.headers['retry-after'] ?? 1);
          wait(pauseMs)
            .then(() => post(agent, port, body))
            .then((times) => resolve(times + 1), reject);
        }
      });
    });
    asked.once('error', reject);
    asked.end(body);
  });
}
