/** Batch writers that are not in use: the buffers of one checkpoint serve the next, of whatever partition. */
import { RecordBatchWriter } from './record-batch-writer.ts';

/** As many as a few checkpoints at once need; more are left to the garbage collector. */
const maxKept = 32;

export interface BatchPool {
  /** An empty one. */
  take(): RecordBatchWriter;
  /** Nobody may look at them or at their bytes any more. */
  giveBack(writers: readonly RecordBatchWriter[]): void;
}

export function createBatchPool(): BatchPool {
  const idle: RecordBatchWriter[] = [];
  return {
    take: () => idle.pop() ?? new RecordBatchWriter(),
    giveBack(writers) {
      for (const writer of writers) {
        if (idle.length >= maxKept) return;
        writer.clear();
        idle.push(writer);
      }
    },
  };
}
