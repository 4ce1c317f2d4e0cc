/** The ratings log as a trainer reads it: beside the stream, from wherever it likes, and nobody notices. */
import type { InputRecord, Offset } from './transport.ts';

export interface LoggedRatings {
  readonly partitionCount: number;
  /** First offset that is kept, and one past the last, as of now. */
  bounds(partition: number): Promise<{ readonly start: Offset; readonly end: Offset }>;
  /** The records of `from` up to but without `to`, in order, in pages of a moderate size; the bytes are the visitor's only during the call. */
  read(
    partition: number,
    from: Offset,
    to: Offset,
    onPage: (records: readonly InputRecord[]) => void | Promise<void>,
  ): Promise<void>;
  close(): Promise<void>;
}
