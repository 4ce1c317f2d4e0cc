/** Random operations against a plain model of what a log is: whatever the order, both say the same. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CommitFailedError, FencedError } from '../../src/errors.ts';
import type { Checkpoint, Offset, PartitionLease } from '../../src/ports/transport.ts';
import {
  bytesOf,
  checkpoint,
  readAll,
  recorder,
  recordsOf,
  restored,
  summingFollower,
  textOf,
  type Can,
  type ContractOptions,
  type Open,
  type TransportUnderTest,
  type WorkerUnderTest,
} from './transport-harness.ts';

const partitionCount = 2;

type Outcome = 'ok' | 'before' | 'after';
type Operation =
  | { kind: 'append'; partition: number; count: number }
  | { kind: 'commit'; partition: number; outcome: Outcome; advance: number; keys: number[]; deleted: boolean }
  | { kind: 'take'; partition: number }
  | { kind: 'stale commit'; partition: number }
  | { kind: 'follow'; wanted: boolean[] }
  | { kind: 'check'; partition: number }
  | { kind: 'crash' };

const partition = fc.nat({ max: partitionCount - 1 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('append' as const), partition, count: fc.nat({ max: 40 }) }) },
  {
    weight: 150,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      partition,
      outcome: fc.constantFrom<Outcome>('ok', 'ok', 'ok', 'before', 'after'),
      advance: fc.nat({ max: 30 }),
      keys: fc.array(fc.nat({ max: 12 }), { maxLength: 6 }),
      deleted: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('take' as const), partition }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('stale commit' as const), partition }) },
  {
    weight: 15,
    arbitrary: fc.record({
      kind: fc.constant('follow' as const),
      wanted: fc.array(fc.boolean(), { minLength: partitionCount, maxLength: partitionCount }),
    }),
  },
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('check' as const), partition }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
);

interface ModelPartition {
  readonly ratings: string[];
  readonly predictions: string[];
  readonly letters: string[];
  state: Record<string, string>;
  items: Record<string, string>;
  committedOffset: Offset;
  lease: PartitionLease | null;
  stale: PartitionLease | null;
}

export function modelLaw(open: Open, can: Can, options: ContractOptions): void {
  const { modelRuns: runs = 40, modelOperations: operationsPerRun = 250 } = options;
  test(
    `agrees with a plain model over ${runs * operationsPerRun} random operations`,
    { timeout: 240_000 },
    async () => {
      const plan = fc.array(operation, { minLength: operationsPerRun, maxLength: operationsPerRun });
      const property = fc.asyncProperty(plan, async (operations) => {
        const session = createSession(await open({ partitionCount }), can);
        for (const step of operations) await session.run(step);
        await session.end();
      });
      await fc.assert(property, { numRuns: runs, endOnFailure: true });
    },
  );
}

function createSession(opened: TransportUnderTest, can: Can) {
  let log = opened;
  let serial = 0;
  let reader = log.worker({ partitions: [] });
  let follower = summingFollower();
  const workers: WorkerUnderTest[] = [];
  const model: ModelPartition[] = Array.from({ length: partitionCount }, () => ({
    ratings: [],
    predictions: [],
    letters: [],
    state: {},
    items: {},
    committedOffset: 0,
    lease: null,
    stale: null,
  }));

  async function take(p: number): Promise<PartitionLease> {
    const worker = log.worker({ partitions: [p] });
    const listener = recorder();
    await worker.start(listener);
    workers.push(worker);
    model[p]!.stale = model[p]!.lease;
    return (model[p]!.lease = listener.lease(p));
  }

  async function commit(p: number, step: Extract<Operation, { kind: 'commit' }>): Promise<void> {
    const expected = model[p]!;
    const lease = expected.lease ?? (await take(p));
    const next = nextOf(expected, step);
    if (step.outcome !== 'ok') log.failNextCommit(step.outcome);
    const outcome = await lease.commit(next).then(
      () => 'ok',
      (error: unknown) => error,
    );
    if (step.outcome !== 'before') applyTo(expected, next);
    if (step.outcome === 'ok') expect(outcome).toBe('ok');
    else {
      expect(outcome).toBeInstanceOf(CommitFailedError);
      expect(await lease.recover()).toBe(expected.committedOffset);
    }
  }

  /** Items are decimal numbers, so that the follower's sums can be compared with the after-images. */
  function nextOf(
    from: ModelPartition,
    { advance, keys, deleted }: Extract<Operation, { kind: 'commit' }>,
  ): Checkpoint {
    const name = String(serial++);
    const distinct = [...new Set(keys)];
    const itemDeleted = deleted && can('follow deletions');
    return checkpoint({
      nextOffset: Math.min(from.committedOffset + advance, from.ratings.length),
      state: keys.map((key, index) => ({
        key: `k${key}`,
        value: deleted && index === 0 ? null : bytesOf(`${name} ${key}`),
      })),
      items: distinct.map((key, index) => {
        const before = Number(from.items[`i${key}`] ?? 0);
        const after = itemDeleted && index === 0 ? 0 : before + key + 1;
        const afterImage = itemDeleted && index === 0 ? null : bytesOf(String(after));
        return { itemId: `i${key}`, afterImage, delta: bytesOf(String(after - before)) };
      }),
      predictions: recordsOf(...keys.map((key) => `p ${name} ${key}`)),
      deadLetters: deleted ? recordsOf(`d ${name}`) : [],
    });
  }

  async function check(p: number): Promise<void> {
    const expected = model[p]!;
    expect(readAll(log, 'ratings', p)).toEqual(expected.ratings);
    expect(readAll(log, 'predictions', p)).toEqual(expected.predictions);
    expect(readAll(log, 'dead-letters', p)).toEqual(expected.letters);
    const lease = expected.lease ?? (await take(p));
    expect(await lease.committedOffset()).toBe(expected.committedOffset);
    expect(await restored(lease)).toEqual({ state: expected.state, items: expected.items });
    for (let key = 0; can('read single keys') && key <= 12; key++) {
      expect(textOf(lease.readState(`k${key}`)) ?? undefined).toBe(expected.state[`k${key}`]);
      expect(textOf(lease.readItem(`i${key}`)) ?? undefined).toBe(expected.items[`i${key}`]);
    }
    const waiting = model.reduce((sum, { ratings, committedOffset }) => sum + ratings.length - committedOffset, 0);
    if (can('count the backlog exactly')) expect(log.backlog()).toBe(waiting);
  }

  async function follow(wanted: (p: number) => boolean): Promise<void> {
    await reader.items.follow(follower, wanted);
    for (const [p, { items }] of model.entries()) {
      if (!wanted(p)) continue;
      for (let key = 0; key <= 12; key++) {
        expect(follower.sums.get(`${p} i${key}`) ?? 0).toBe(Number(items[`i${key}`] ?? 0));
      }
    }
  }

  async function run(step: Operation): Promise<void> {
    switch (step.kind) {
      case 'append': {
        const values = Array.from({ length: step.count }, () => `r${serial++}`);
        expect(await log.append(step.partition, recordsOf(...values))).toBe(model[step.partition]!.ratings.length);
        model[step.partition]!.ratings.push(...values);
        return;
      }
      case 'commit':
        return commit(step.partition, step);
      case 'take':
        await take(step.partition);
        return;
      case 'stale commit': {
        const { stale, committedOffset } = model[step.partition]!;
        const late = checkpoint({ nextOffset: committedOffset, state: [{ key: 'k0', value: bytesOf('late') }] });
        if (stale !== null) await expect(stale.commit(late)).rejects.toThrow(FencedError);
        return;
      }
      case 'follow':
        return follow((p) => step.wanted[p]!);
      case 'check':
        return check(step.partition);
      case 'crash':
        workers.length = 0;
        log = await log.crash();
        for (const each of model) each.lease = each.stale = null;
        reader = log.worker({ partitions: [] });
        follower = summingFollower();
    }
  }

  return {
    run,
    async end(): Promise<void> {
      for (let p = 0; p < partitionCount; p++) await check(p);
      await follow(() => true);
      await Promise.all(workers.map((worker) => worker.stop()));
      await log.crash();
    },
  };
}

function applyTo(to: ModelPartition, next: Checkpoint): void {
  const put = (into: Record<string, string>, key: string, value: Uint8Array | null): void => {
    if (value === null) Reflect.deleteProperty(into, key);
    else into[key] = textOf(value)!;
  };
  for (const { key, value } of next.state) put(to.state, key, value);
  for (const { itemId, afterImage } of next.items) put(to.items, itemId, afterImage);
  to.predictions.push(...next.predictions.map(({ value }) => textOf(value)!));
  to.letters.push(...next.deadLetters.map(({ value }) => textOf(value)!));
  to.committedOffset = next.nextOffset;
}
