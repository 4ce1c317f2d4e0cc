/** A small durable table by key, in which a model store keeps what it has (adapters/models). One owner a store or topic. */
import type { StateChange } from './transport.ts';

export interface ModelTableReads {
  /** The durable value; the bytes are the caller's. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** All keys that begin so, sorted. */
  keys(prefix: string): Promise<readonly string[]>;
}

export interface ModelTable extends ModelTableReads {
  /**
   * Durable when it resolves, in the order given: a crash in between may leave the first ones alone. Throws
   * StorageFullError when there is no room, before anything else suffers from it.
   */
  write(changes: readonly StateChange[]): Promise<void>;
  /**
   * Replaces one value by what `change` makes of it, unless that is null; resolves with the value as it is then. Nothing
   * that others replace meanwhile is lost: `change` is asked again with the later value.
   */
  update(key: string, change: (value: Uint8Array | undefined) => Uint8Array | null): Promise<Uint8Array | undefined>;
  /** Calls the listener after a value was changed by `update`, here or elsewhere; returns how to stop. */
  watch(listener: (key: string) => void): () => void;
}
