/**
 * The number of partitions of the ratings topic must not change under a group: it decides which partition, and so which
 * task, has a user.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from 'kafkajs';
import { UsageError } from '../../errors.ts';
import type { Log } from '../../ports/log.ts';
import { messageOf } from './kafka-error.ts';

export interface PartitionWatchOptions {
  /** Connected, with the topic among its targets. */
  readonly cluster: Cluster;
  readonly topic: string;
  readonly partitionCount: number;
  /** 5 s when not given. */
  readonly periodMs?: number | undefined;
  readonly changed: (error: UsageError) => void;
  readonly log: Log;
}

/** Calls `changed` once, at most. Returns how to stop. */
export function watchPartitionCount(options: PartitionWatchOptions): () => void {
  const { cluster, topic, partitionCount, periodMs = 5000, changed, log } = options;
  const stop = new AbortController();

  async function watch(): Promise<void> {
    for (;;) {
      const found = cluster.findTopicPartitionMetadata(topic).length;
      if (found !== partitionCount) {
        changed(repartitioned(topic, partitionCount, found));
        return;
      }
      await delay(periodMs, undefined, { signal: stop.signal, ref: false });
      await cluster.refreshMetadata().catch((error: unknown) => {
        log.debug({ topic, reason: messageOf(error) }, 'the number of partitions cannot be read');
      });
    }
  }

  watch().catch((error: unknown) => {
    if (!stop.signal.aborted) log.warn({ topic, reason: messageOf(error) }, 'the number of partitions is not watched');
  });
  return () => stop.abort();
}

export function repartitioned(topic: string, before: number, now: number): UsageError {
  return new UsageError([
    `The topic ${topic} has ${now} partitions and had ${before} when the worker started: users would move to other partitions than their rows. ` +
      'Make a new topic with the new number, replay the ratings into it and start workers with another --app.',
  ]);
}
