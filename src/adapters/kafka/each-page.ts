/** Records of a partition a fetch at a time: the next page is handed over once this one is done with, so no more than a few fetches are held. */
import type { Offset } from '../../ports/transport.ts';
import type { PartitionReader, ReadRecord } from './partition-reader.ts';

/** From `from`, or the start of what is kept, to the end as of the call. Keys and values are views: copy what you keep. */
export async function eachPage(
  reader: PartitionReader,
  topic: string,
  partition: number,
  onPage: (records: readonly ReadRecord[]) => Promise<void> | void,
  options: { readonly from?: Offset; readonly onProgress?: (position: Offset) => void } = {},
): Promise<void> {
  const { start } = await reader.bounds(topic, partition);
  let page: ReadRecord[] = [];
  await reader.readToEnd(
    topic,
    partition,
    Math.max(start, options.from ?? 0),
    (record) => void page.push(record),
    async (position) => {
      const records = page;
      page = [];
      await onPage(records);
      options.onProgress?.(position);
    },
  );
}
