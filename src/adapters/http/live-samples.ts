/** A few of the latest predictions of all partitions, those that are new since the last look. */
import type { EventCodec } from '../../ports/codec.ts';
import type { PredictionEvent } from '../../ports/events.ts';
import type { Offset, TopicReader } from '../../ports/transport.ts';

export interface SampleSource {
  readonly topicReader: TopicReader;
  readonly codec: Pick<EventCodec, 'decodePrediction'>;
  readonly partitionCount: number;
}

/** Reads nothing but what it returns. */
export class LiveSamples {
  readonly #source: SampleSource;
  #seen: Offset[] = [];
  /** So that every partition has its turn. */
  #firstPartition = 0;

  constructor(source: SampleSource) {
    this.#source = source;
  }

  /** The newest `most`, oldest first; at the first look the last ones there are. */
  take(most: number): PredictionEvent[] {
    const { topicReader, codec, partitionCount } = this.#source;
    const fresh: { readonly partition: number; readonly end: Offset; readonly count: number }[] = [];
    for (let i = 0; i < partitionCount; i++) {
      const partition = (this.#firstPartition + i) % partitionCount;
      const end = topicReader.end('predictions', partition);
      const count = end - (this.#seen[partition] ?? 0);
      this.#seen[partition] = end;
      if (count > 0) fresh.push({ partition, end, count });
    }
    this.#firstPartition = (this.#firstPartition + 1) % partitionCount;
    const each = Math.max(1, Math.floor(most / Math.max(1, fresh.length)));
    const samples: PredictionEvent[] = [];
    for (const { partition, end, count } of fresh) {
      const wanted = Math.min(each, count, most - samples.length);
      if (wanted <= 0) break;
      for (const { value } of topicReader.read('predictions', partition, end - wanted, wanted)) {
        if (value !== null) samples.push(codec.decodePrediction(value));
      }
    }
    return samples.sort((a, b) => a.predictedAtMs - b.predictedAtMs);
  }
}
