/** A few keys of a partition, without holding the rest. */
import type { Offset } from '../../ports/transport.ts';
import type { PartitionReader } from './partition-reader.ts';

/** The last values of the keys that are wanted; what was deleted is not among them. */
export async function latestOf(
  reader: PartitionReader,
  topic: string,
  partition: number,
  isWanted: (key: string) => boolean,
  onProgress?: (position: Offset, end: Offset) => void,
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  const { start } = await reader.bounds(topic, partition);
  await reader.readToEnd(
    topic,
    partition,
    start,
    ({ key, value }) => {
      const text = key === null ? '' : textOf(key);
      if (!isWanted(text)) return;
      if (value === null) found.delete(text);
      else found.set(text, Uint8Array.from(value));
    },
    onProgress,
  );
  return found;
}

/** The first value of a key that never changes once it is there. Reading ends there. */
export async function firstOf(
  reader: PartitionReader,
  topic: string,
  partition: number,
  wanted: string,
): Promise<Uint8Array | undefined> {
  const enough = new Error('found');
  let found: Uint8Array | undefined;
  const { start } = await reader.bounds(topic, partition);
  try {
    await reader.readToEnd(topic, partition, start, ({ key, value }) => {
      if (key === null || value === null || textOf(key) !== wanted) return;
      found = Uint8Array.from(value);
      throw enough;
    });
  } catch (error) {
    if (error !== enough) throw error;
  }
  return found;
}

const textOf = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString();
