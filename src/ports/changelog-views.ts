/**
 * Local copies of changelog partitions, for a worker that restarts on the same disk. A cache: whatever cannot be trusted
 * is as if it were not there, and losing it costs time and nothing else. Implementation: adapters/embedded/snapshot-store.ts.
 */
import type { Offset } from './transport.ts';

export type ViewRole = 'users' | 'items';

/** The copy of one partition of one changelog. */
export type ViewName = `${ViewRole}:${number}`;

/**
 * Laws: a row is the last value of its key before `position`, or a later one; every key that has no row was deleted, or
 * never written, before `position`, or is written after it. So whoever reads the changelog from `position` on and keeps
 * the last value of each key has exactly what the changelog says.
 */
export interface ViewMark {
  readonly position: Offset;
  /** Milliseconds since 1970. Deletions that the changelog still held then may be missing in the rows, earlier ones not. */
  readonly asOfMs: number;
}

export interface CopyMark extends ViewMark {
  readonly rowCount: number;
}

export interface ChangelogViews {
  /** Looks at every row first, once; null when there is no copy, or it is damaged: then it is dropped. */
  mark(name: ViewName): Promise<CopyMark | null>;
  /** All rows, in any order. The values are the visitor's. Call `mark` first; nothing may be written meanwhile. */
  visit(name: ViewName, visit: (key: string, value: Uint8Array) => void): Promise<void>;
  /** One row. Call `mark` first. */
  read(name: ViewName, key: string): Uint8Array | undefined;
  /**
   * Makes the changes durable, null deletes; the mark comes last, so that a crash in between leaves the former one, with
   * rows that are newer than it says. One write at a time for a copy. Throws when the disk is full or fails: what was not
   * written must be written again. The values must not change before it resolves.
   */
  write(name: ViewName, changes: ReadonlyMap<string, Uint8Array | null>, mark: ViewMark): Promise<void>;
  drop(name: ViewName): Promise<void>;
  names(): readonly ViewName[];
  close(): Promise<void>;
}

/** What the rows of all copies belong to. Copies of anything else are not used. */
export type ViewsIdentity = Readonly<Record<string, string | number>>;
