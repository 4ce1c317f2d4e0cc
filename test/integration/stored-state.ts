/** All that a stopped worker left in its folder, in a form in which two runs can be compared. One partition. */
import { createHash } from 'node:crypto';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import { openEmbeddedReadOnly } from '../../src/adapters/embedded/open-embedded.ts';
import { halfStarScale } from '../../src/adapters/synthetic/half-stars.ts';
import type { PredictionEvent } from '../../src/ports/events.ts';
import { parseStateKey, taskKey } from '../../src/stream/keys.ts';
import { decodeTaskNumbers } from '../../src/stream/task-numbers.ts';

export interface StoredState {
  /** Digests of every stored row by kind, and the task's own numbers bit by bit. */
  readonly digests: Readonly<Record<'users' | 'history' | 'items' | 'others' | 'learner' | 'score', string>>;
  readonly counts: Readonly<Record<'users' | 'history' | 'items', number>>;
  /** Event ids in the order in which they were taken in, however they are grouped. */
  readonly eventIds: readonly string[];
  readonly ratingsApplied: number;
  /** Events that the task has counted, duplicates included. */
  readonly sequence: number;
  readonly committedOffset: number;
  readonly ratingsEnd: number;
  readonly predictions: readonly PredictionEvent[];
}

export async function readStored(folder: string): Promise<StoredState> {
  const view = await openEmbeddedReadOnly(folder);
  try {
    const sha256 = () => createHash('sha256');
    const hashes = { user: sha256(), history: sha256(), items: sha256(), others: sha256() };
    const counts = { users: 0, history: 0, items: 0 };
    const seen: [sequence: number, eventId: string][] = [];
    let numbers: ReturnType<typeof decodeTaskNumbers> | undefined;
    await view.visit(0, {
      state(key, value) {
        const { kind } = parseStateKey(key);
        if (kind === 'event-ids') seen.push(...(JSON.parse(Buffer.from(value).toString()) as typeof seen));
        else if (key === taskKey) numbers = decodeTaskNumbers(value);
        else {
          if (kind === 'user') counts.users++;
          else if (kind === 'history') counts.history++;
          hashes[kind === 'user' || kind === 'history' ? kind : 'others'].update(`${key}\n`).update(value);
        }
      },
      item(key, value) {
        counts.items++;
        hashes.items.update(`${key}\n`).update(value);
      },
    });
    if (numbers === undefined) throw new Error('no task record is stored');
    return {
      digests: {
        users: hashes.user.digest('hex'),
        history: hashes.history.digest('hex'),
        items: hashes.items.digest('hex'),
        others: hashes.others.digest('hex'),
        learner: bitsOf(numbers.learnerState),
        score: bitsOf(numbers.scoreTotals),
      },
      counts,
      eventIds: seen.sort((a, b) => a[0] - b[0]).map(([, id]) => id),
      ratingsApplied: numbers.scoreTotals.at(-1) ?? 0,
      sequence: numbers.sequence,
      committedOffset: view.committedOffset(0),
      ratingsEnd: view.end('ratings', 0),
      predictions: readPredictions(view),
    };
  } finally {
    await view.close();
  }
}

function readPredictions(view: Awaited<ReturnType<typeof openEmbeddedReadOnly>>): PredictionEvent[] {
  const codec = createCodec({ scale: halfStarScale, nowMs: () => Date.now() });
  const end = view.end('predictions', 0);
  const events: PredictionEvent[] = [];
  while (events.length < end) {
    const records = view.read('predictions', 0, events.length, 5000);
    for (const { value } of records) events.push(codec.decodePrediction(value ?? new Uint8Array(0)));
    if (records.length === 0) throw new Error(`the predictions log ends at ${events.length} of ${end}`);
  }
  return events;
}

const bitsOf = (numbers: Float64Array): string =>
  Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('hex');
