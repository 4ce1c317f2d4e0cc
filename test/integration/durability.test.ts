import { watch } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openEmbeddedReadOnly } from '../../src/adapters/embedded/open-embedded.ts';
import { halfStarScale } from '../../src/adapters/synthetic/half-stars.ts';
import { seededRandom } from '../../src/adapters/synthetic/seeded-random.ts';
import { syntheticRatings } from '../../src/adapters/synthetic/synthetic-ratings.ts';
import type { PredictionEvent } from '../../src/ports/events.ts';
import { misusedPages } from '../support/page-owners.ts';
import { tempFolders } from '../adapters/embedded/temp-folder.ts';
import { committedOffset, killAll, start, stop, type RunningWorker } from './running-worker.ts';
import { readStored } from './stored-state.ts';

const ratingCount = 50_000;
const batchRatings = 250;
const killCount = 10;
/** Small checkpoints, so that much of the time is spent in one; one effort for all, so that runs can be equal to the bit. */
const flags = ['--scale', `${halfStarScale.lo}..${halfStarScale.hi}`, '--checkpoint-events', '400', '--effort', 'full'];

/** Bodies of the requests, in order; every rating with an event id of its own. */
function batches(): string[] {
  const table = syntheticRatings({ seed: 20, events: ratingCount });
  const entries = Array.from({ length: ratingCount }, (_, i) => ({
    userId: table.users[table.userIndex[i]!],
    itemId: table.items[table.itemIndex[i]!],
    rating: table.ratings[i],
    ratedAt: table.ratedAtMs[i],
    eventId: eventIdOf(i),
  }));
  const bodies: string[] = [];
  for (let i = 0; i < ratingCount; i += batchRatings) bodies.push(JSON.stringify(entries.slice(i, i + batchRatings)));
  return bodies;
}

const eventIdOf = (index: number): string => `event-${index}`;

/** One past the batch's last offset once it is acknowledged; null when the process was gone before it could. */
async function post(worker: RunningWorker, body: string): Promise<number | null> {
  const headers = { 'content-type': 'application/json' };
  let response: Response;
  let answer: { offsets: { first: number; count: number }[] };
  try {
    response = await fetch(`${worker.url}/ratings`, { method: 'POST', headers, body });
    answer = (await response.json()) as typeof answer;
  } catch {
    return null;
  }
  expect({ status: response.status, ...answer }).toMatchObject({ status: 202, accepted: batchRatings, rejected: 0 });
  const [run] = answer.offsets;
  return run === undefined ? null : run.first + run.count;
}

/**
 * When a process dies, counted from the moment at which a batch is sent: after a while (in the request, in learning, in
 * a checkpoint, at rest), or in the n-th write to its log and journal (of a batch, of a checkpoint).
 */
type Death = { readonly afterMs: number } | { readonly atWrite: number };

/** Batch number to death. */
function deaths(seed: number): ReadonlyMap<number, Death> {
  const { uniform } = seededRandom(seed);
  const plan = new Map<number, Death>();
  while (plan.size < killCount) {
    const batch = Math.floor((uniform() * ratingCount) / batchRatings);
    const n = plan.size;
    if (plan.has(batch)) continue;
    plan.set(batch, n % 2 === 0 ? { atWrite: 1 + Math.floor(uniform() * n * 2) } : { afterMs: uniform() * n * 15 });
  }
  return plan;
}

/** Resolves when the process is dead, which it is soon: whatever it does. */
async function killAt(worker: RunningWorker, folder: string, death: Death): Promise<void> {
  if ('afterMs' in death) setTimeout(() => worker.kill('SIGKILL'), death.afterMs);
  else {
    let writes = 0;
    const watcher = watch(folder, (_, name) => {
      if (name !== null && /^data\.mdb$|^journal-/.test(name) && ++writes === death.atWrite) worker.kill('SIGKILL');
    });
    void worker.exited.finally(() => watcher.close());
  }
  expect(await worker.exited).toMatchObject({ signal: 'SIGKILL' });
}

describe('a worker on a data folder', () => {
  const newFolder = tempFolders();
  afterEach(killAll);

  /** Posts everything in order, each batch until it is acknowledged; then waits until all is learned and durable. */
  async function feed(folder: string, bodies: readonly string[], plan: ReadonlyMap<number, Death>) {
    let worker = await start(folder, flags);
    let dying: Promise<void> | null = null;
    let logEnd = 0;
    const seen = { kills: 0, unacknowledged: 0, uncommitted: 0 };

    async function restart(death: Promise<void>): Promise<void> {
      await death;
      dying = null;
      seen.kills++;
      expect(misusedPages(join(folder, 'data.mdb'))).toEqual([]);
      const view = await openEmbeddedReadOnly(folder);
      if (view.committedOffset(0) < view.end('ratings', 0)) seen.uncommitted++;
      await view.close();
      worker = await start(folder, flags);
    }

    for (const [number, body] of bodies.entries()) {
      const death = plan.get(number);
      if (death !== undefined) {
        if (dying !== null) await restart(dying);
        dying = killAt(worker, folder, death);
      }
      for (;;) {
        const end = await post(worker, body);
        if (end !== null) {
          logEnd = end;
          break;
        }
        seen.unacknowledged++;
        if (dying === null) throw new Error('the worker does not answer, and nobody has killed it');
        await restart(dying);
      }
    }
    if (dying !== null) await restart(dying);
    await vi.waitUntil(async () => (await committedOffset(worker)) === logEnd, { timeout: 30_000, interval: 20 });
    expect(await stop(worker)).toMatchObject({ code: 0 });
    return { ...seen, stored: await readStored(folder) };
  }

  test(
    'applies every acknowledged rating once, and ends bit-equal, however often it is killed',
    { timeout: 180_000 },
    async () => {
      const bodies = batches();
      const killed = await feed(newFolder(), bodies, deaths(11));
      const untouched = await feed(newFolder(), bodies, new Map());

      // The kills hit what they were meant to hit.
      expect(killed.kills).toBe(killCount);
      expect(killed.unacknowledged).toBeGreaterThan(0);
      expect(killed.uncommitted).toBeGreaterThan(0);
      expect(untouched.kills).toBe(0);

      const { stored } = killed;
      const eventIds = Array.from({ length: ratingCount }, (_, i) => eventIdOf(i));
      expect(stored.ratingsApplied).toBe(ratingCount);
      expect(stored.eventIds).toEqual(eventIds);
      expect(stored.predictions.map(({ eventId }) => eventId)).toEqual(eventIds);
      expect(stored.committedOffset).toBe(stored.ratingsEnd);
      expect(stored.sequence).toBe(stored.ratingsEnd);

      expect(stored.counts).toEqual(untouched.stored.counts);
      expect(stored.digests).toEqual(untouched.stored.digests);
      const timeless = (event: PredictionEvent) => ({ ...event, predictedAtMs: 0, sourceOffset: 0 });
      expect(stored.predictions.map(timeless)).toEqual(untouched.stored.predictions.map(timeless));
    },
  );
});
