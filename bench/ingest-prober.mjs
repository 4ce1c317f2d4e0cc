/**
 * Asks a worker for single predictions at a steady rate, whether the last one was answered or not, until it is told to
 * stop; then tells how long the answers took that it was to count. Its own thread, so that nothing else of the client is in the figures.
 */
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';

const { port, rate } = workerData;
const agent = new Agent({ keepAlive: true, maxSockets: 32 });
const waitsMs = [];
let asked = 0;
let counts = false;
let stopped = false;

function ask() {
  const path = `/users/user-${1 + (asked % 2000)}/predictions/item-${1 + (asked % 701)}`;
  asked++;
  const isCounted = counts;
  return new Promise((resolve, reject) => {
    const startMs = performance.now();
    request({ agent, port, host: '127.0.0.1', path }, (response) => {
      response.resume().once('end', () => {
        if (response.statusCode !== 200) reject(new Error(`GET ${path} answered ${response.statusCode}`));
        if (isCounted) waitsMs.push(performance.now() - startMs);
        resolve();
      });
    })
      .once('error', (error) => (stopped ? resolve() : reject(error)))
      .end();
  });
}

for (let i = 0; i < 500; i++) await ask();
let dueMs = performance.now();
function tick() {
  if (stopped) return;
  while (dueMs <= performance.now()) {
    void ask();
    dueMs += 1000 / rate;
  }
  setTimeout(tick, Math.max(0, dueMs - performance.now()));
}
tick();
parentPort.postMessage('asking');
parentPort.on('message', (message) => {
  counts = message === 'count';
  if (counts) return;
  stopped = true;
  const sorted = Float64Array.from(waitsMs).sort();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  parentPort.postMessage({ asked: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) });
  parentPort.close();
});
