/** What reports are made from, wherever it is stored. */
import type { RestoreVisitor } from '../../ports/transport.ts';

/** Rows one by one. */
export interface RowView {
  readonly partitionCount: number;
  readState(partition: number, key: string): Uint8Array | undefined;
  readItem(partition: number, itemKey: string): Uint8Array | undefined;
}

/** Everything, partition by partition. */
export interface WholeView {
  readonly partitionCount: number;
  visit(partition: number, visitor: RestoreVisitor): Promise<LogCounts>;
}

export interface LogCounts {
  /** One past the last record of the ratings log. */
  readonly ratings: number;
  readonly committedOffset: number;
  /** Null where they are too many to be counted. */
  readonly predictions: number | null;
  readonly deadLetters: number;
}
