/**
 * Given ratings, when a record comes, then this is published: over the real worker, the in-memory transport and the
 * Avro codec. `given(...).when(...).then...()` for one event; `startFlow` for whatever needs more than that.
 */
import { expect } from 'vitest';
import { openInMemory, type InMemoryStore } from '../../src/adapters/embedded/open-in-memory.ts';
import type { DeadLetter, ForgetReceipt, PredictionEvent } from '../../src/ports/events.ts';
import type { OutputRecord, TopicName } from '../../src/ports/transport.ts';
import { partitionOfRecord } from './flow-inputs.ts';
import { createFlowWorker, flowCodec, type FlowWorker, type FlowWorkerOptions } from './flow-worker.ts';
import { until } from './test-clock.ts';

/** Checkpoints that may fail in a row before something is wrong. */
const maxRounds = 20;

export interface FlowOptions extends FlowWorkerOptions {
  readonly partitionCount?: number;
  readonly store?: InMemoryStore;
}

export interface Published {
  readonly predictions: readonly PredictionEvent[];
  readonly deadLetters: readonly DeadLetter[];
  readonly receipts: readonly ForgetReceipt[];
}

export interface Flow extends Omit<FlowWorker, 'start' | 'crash'> {
  readonly store: InMemoryStore;
  /** Appends the records and resolves when they are processed and committed. */
  send(...records: readonly OutputRecord[]): Promise<void>;
  /** Resolves when everything that was appended is processed and committed. */
  whenCaughtUp(): Promise<void>;
  /** All that is visible, by partition and offset. */
  published(): Published;
  /** The process dies; the flow that goes on with what was durable. */
  crash(changes?: FlowWorkerOptions): Promise<Flow>;
  stop(): Promise<void>;
}

export async function startFlow(options: FlowOptions = {}): Promise<Flow> {
  const store = options.store ?? openInMemory({ partitionCount: options.partitionCount ?? 1 });
  const flow = createFlowWorker(store, options);
  await flow.start();
  const partitions = Array.from({ length: store.partitionCount }, (_, partition) => partition);

  const isProcessed = (): boolean =>
    partitions.every((p) => flow.worker.tasks.get(p)?.nextOffset === store.end('ratings', p));
  const isCommitted = (): boolean => store.backlog() === 0;
  const assertWell = (): void => {
    if (flow.failures.length > 0) throw flow.failures[0];
  };

  async function whenCaughtUp(): Promise<void> {
    for (let round = 0; !isCommitted(); round++) {
      if (round === maxRounds)
        throw new Error(`${store.backlog()} records are not committed after ${round} checkpoints`);
      await until(() => flow.failures.length > 0 || isProcessed(), 'all records are processed');
      assertWell();
      await flow.worker.checkpointAll();
    }
  }

  const readAll = <T>(topic: TopicName, decode: (bytes: Uint8Array) => T): T[] =>
    partitions.flatMap((p) => store.read(topic, p, 0, Infinity).map(({ value }) => decode(value ?? new Uint8Array(0))));

  return {
    ...flow,
    store,
    whenCaughtUp,
    async send(...records) {
      for (const p of partitions) {
        await store.append(
          p,
          records.filter((record) => partitionOfRecord(record, store.partitionCount) === p),
        );
      }
      await whenCaughtUp();
    },
    published: () => ({
      predictions: readAll('predictions', (bytes) => flowCodec.decodePrediction(bytes)),
      deadLetters: readAll('dead-letters', (bytes) => flowCodec.decodeDeadLetter(bytes)),
      receipts: readAll('receipts', (bytes) => flowCodec.decodeForgetReceipt(bytes)),
    }),
    async crash(changes = {}) {
      await flow.crash();
      return startFlow({ ...options, ...changes, store: store.crash() });
    },
    async stop() {
      await flow.stop();
      await store.close();
    },
  };
}

export interface Expected {
  readonly predictions?: readonly Partial<PredictionEvent>[];
  readonly deadLetters?: readonly Partial<DeadLetter>[];
  readonly receipts?: readonly Partial<ForgetReceipt>[];
}

export interface Outcome {
  /** Exactly these, each with at least the given fields; what is not named is empty. */
  thenPublished(expected: Expected): Promise<void>;
  thenDeadLettered(code: string, fields?: Partial<DeadLetter>): Promise<void>;
  thenNothingPublished(): Promise<void>;
}

export interface Given {
  when(...records: readonly OutputRecord[]): Outcome;
}

export function given(ratings: readonly OutputRecord[], options: FlowOptions = {}): Given {
  return {
    when(...records) {
      async function publishedByThem(): Promise<Published> {
        const flow = await startFlow(options);
        await flow.send(...ratings);
        const before = flow.published();
        await flow.send(...records);
        const after = flow.published();
        await flow.stop();
        return {
          predictions: after.predictions.slice(before.predictions.length),
          deadLetters: after.deadLetters.slice(before.deadLetters.length),
          receipts: after.receipts.slice(before.receipts.length),
        };
      }
      async function thenPublished({ predictions = [], deadLetters = [], receipts = [] }: Expected): Promise<void> {
        expect(await publishedByThem()).toMatchObject({ predictions, deadLetters, receipts });
      }
      return {
        thenPublished,
        thenDeadLettered: (code, fields = {}) => thenPublished({ deadLetters: [{ code, ...fields }] }),
        thenNothingPublished: () => thenPublished({}),
      };
    },
  };
}
