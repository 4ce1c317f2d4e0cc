/** How far partitions are read, as a bar; an asked-for stop ends the reading. */
import type { PartitionReader } from '../adapters/kafka/partition-reader.ts';
import type { CommandIo } from './command.ts';
import { progressBar } from './progress.ts';

export interface TopicToRead {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export interface ReadingProgress {
  /** What `readToEnd` calls for a partition. */
  of(topic: string, partition: number): (position: number) => void;
  /** The same for who knows a share from 0 to 1. */
  share(topic: string, partition: number, doneRatio: number): void;
  stop(): void;
}

export async function readingProgress(
  reader: PartitionReader,
  reads: readonly TopicToRead[],
  { stderr, signal }: Pick<CommandIo, 'stderr' | 'signal'>,
  what = 'read',
): Promise<ReadingProgress> {
  const sizes = new Map<string, { readonly start: number; readonly size: number }>();
  const done = new Map<string, number>();
  let doneCount = 0;
  for (const { topic, partitions } of reads) {
    for (const partition of partitions) {
      const { start, end } = await reader.bounds(topic, partition);
      sizes.set(`${topic}/${partition}`, { start, size: end - start });
    }
  }
  const total = [...sizes.values()].reduce((sum, { size }) => sum + size, 0);
  const bar = progressBar(stderr, what, total);

  function reached(place: string, count: number): void {
    signal.throwIfAborted();
    const size = sizes.get(place)?.size ?? 0;
    const now = Math.min(size, Math.round(count));
    doneCount += now - (done.get(place) ?? 0);
    done.set(place, now);
    bar.at(doneCount);
  }

  return {
    of(topic, partition) {
      const place = `${topic}/${partition}`;
      return (position) => reached(place, position - (sizes.get(place)?.start ?? 0));
    },
    share(topic, partition, doneRatio) {
      const place = `${topic}/${partition}`;
      reached(place, doneRatio * (sizes.get(place)?.size ?? 0));
    },
    stop: () => bar.stop(),
  };
}
