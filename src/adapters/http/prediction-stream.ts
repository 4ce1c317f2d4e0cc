/** One reader of GET /predictions/stream, as server-sent events. */
import type { ServerResponse } from 'node:http';
import type { EventCodec } from '../../ports/codec.ts';
import type { Offset, TopicReader } from '../../ports/transport.ts';
import { eventId } from './stream-position.ts';
import type { Turns } from './turns.ts';

/** Records of one read, and so of one write: what a slow reader can make the server hold. */
const recordsPerWrite = 50;
const heartbeatsUntilCut = 4;

export interface StreamSource {
  readonly topicReader: TopicReader;
  readonly codec: Pick<EventCodec, 'decodePrediction'>;
  readonly turns: Turns;
}

/**
 * Pulls from the log at the reader's pace: nothing is queued for a reader, it only falls behind, and catches up from
 * the log. `wake` may be called at any time and any number of times.
 */
export class PredictionStream {
  readonly #source: StreamSource;
  readonly #response: ServerResponse;
  /** Next wanted offset by partition. */
  readonly #next: Offset[];
  #state: 'idle' | 'pulling' | 'pulling-and-woken' = 'idle';
  #unansweredHeartbeats = 0;

  constructor(source: StreamSource, response: ServerResponse, next: readonly Offset[]) {
    this.#source = source;
    this.#response = response;
    this.#next = [...next];
  }

  /** Sends what there is. Rejects when a record cannot be read or decoded. */
  async wake(): Promise<void> {
    if (this.#state !== 'idle') {
      this.#state = 'pulling-and-woken';
      return;
    }
    try {
      do {
        this.#state = 'pulling';
        while (await this.#sendOneRound());
      } while (this.#hasBeenWokenMeanwhile());
    } finally {
      this.#state = 'idle';
    }
  }

  /** Keeps a quiet connection open; cuts it when the reader has taken nothing for several heartbeats. */
  heartbeat(): void {
    if (this.#isOpen() && !this.#response.writableNeedDrain) {
      this.#unansweredHeartbeats = 0;
      this.#response.write(': alive\n\n');
    } else if (++this.#unansweredHeartbeats >= heartbeatsUntilCut) {
      this.#response.destroy();
    }
  }

  end(): void {
    this.#response.end();
  }

  /** A method, because the state changes while the caller awaits. */
  #hasBeenWokenMeanwhile(): boolean {
    return this.#state === 'pulling-and-woken' && this.#isOpen();
  }

  #isOpen(): boolean {
    return !this.#response.writableEnded && !this.#response.destroyed;
  }

  /** One write for each partition that has something; false when none has. */
  async #sendOneRound(): Promise<boolean> {
    let sent = false;
    for (let partition = 0; partition < this.#next.length; partition++) {
      if ((this.#next[partition] ?? 0) >= this.#source.topicReader.end('predictions', partition)) continue;
      await this.#source.turns();
      if (!this.#isOpen()) return false;
      sent = true;
      const text = this.#take(partition);
      if (text !== '' && !this.#response.write(text)) await drained(this.#response);
      if (!this.#isOpen()) return false;
    }
    return sent;
  }

  #take(partition: number): string {
    const { topicReader, codec } = this.#source;
    const from = this.#next[partition] ?? 0;
    const end = topicReader.end('predictions', partition);
    const records = topicReader.read('predictions', partition, from, recordsPerWrite);
    let text = '';
    for (const { offset, value } of records) {
      this.#next[partition] = offset + 1;
      if (value === null) continue;
      const data = JSON.stringify(codec.decodePrediction(value));
      text += `id: ${eventId(this.#next, partition, offset)}\ndata: ${data}\n\n`;
    }
    // Nothing is left before an end that was read first: what is missing is gone for good.
    if (records.length === 0) this.#next[partition] = Math.max(from, end);
    return text;
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
