/** Opens a data folder: `openEmbedded` for the process that works, `openEmbeddedReadOnly` for those that look. */
import { DataFolderLockedError, InvariantViolation } from '../../errors.ts';
import type { ModelTableReads } from '../../ports/model-table.ts';
import type { TopicReader } from '../../ports/transport.ts';
import { asFolderError, createLog, holdsLog, openExisting, prepareFolder, upgradeFormat } from './data-folder.ts';
import { createStore, type EmbeddedStore, type StoredTables, type StoreOptions } from './embedded-store.ts';
import { lockFolder, type FolderLock } from './folder-lock.ts';
import { createLmdbEngine } from './lmdb-engine.ts';
import { createLmdbReads, followJournal } from './lmdb-reads.ts';
import { encodeNumbers, folderFormat, type Tables } from './lmdb-tables.ts';
import { modelReadsOf } from './model-table.ts';
import { storageError } from './storage-error.ts';

export interface EmbeddedOptions extends StoreOptions {
  readonly folder: string;
  /** Fixed when the folder is created. When not given: what the folder has, or 1 for a new one. */
  readonly partitionCount?: number;
  /** Refuses writes, with StorageFullError, that would make the log larger than this; no limit when not given. */
  readonly maxSizeBytes?: number;
}

/** A folder as another process sees it; it may be written to meanwhile. */
export interface EmbeddedView extends StoredTables, Pick<TopicReader, 'read' | 'end'> {
  readonly models: ModelTableReads;
  close(): Promise<void>;
}

/**
 * Opens or creates the log in a folder. Throws DataFolderLockedError while another process works on it, and
 * DataFolderError, with nothing changed, when the folder is something else, of another format or partition count.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedStore> {
  const { folder } = options;
  const asked = options.partitionCount ?? null;
  if (asked !== null && !(Number.isSafeInteger(asked) && asked >= 1)) {
    throw new InvariantViolation(`A log of ${asked} partitions was asked for. Please report it.`);
  }
  prepareFolder(folder);
  const lock = await lockFolder(folder);
  try {
    if (!holdsLog(folder)) {
      await createLog(folder, { format: folderFormat, partitionCount: asked ?? 1, createdAtMs: Date.now() });
    }
    return await openLocked(options, asked, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function openLocked(options: EmbeddedOptions, asked: number | null, lock: FolderLock): Promise<EmbeddedStore> {
  const { folder, maxSizeBytes = Infinity } = options;
  const { tables, format } = await openExisting(folder, asked, false);
  try {
    const generation = await takeOver(folder, tables);
    await upgradeFormat(tables, format);
    const released = (): Promise<void> => lock.release();
    const { partitionCount } = format;
    return createStore(
      createLmdbEngine(tables, folder, { partitionCount, maxSizeBytes, generation, released }),
      options,
    );
  } catch (error) {
    await tables.root.close();
    throw error;
  }
}

/** Becomes the writer: whoever was it before, should it still live, writes nothing any more. */
async function takeOver(folder: string, { meta }: Tables): Promise<number> {
  const former = meta.getEntry('writer')?.version ?? 0;
  const generation = former + 1;
  const ours = await meta
    .put('writer', encodeNumbers(process.pid), generation, former)
    .catch(async (error: unknown) => Promise.reject(await storageError(error, folder)));
  if (ours) return generation;
  throw new DataFolderLockedError(`The data folder ${folder} was taken by another process just now. Try again.`, {
    folder,
  });
}

/** Opens a folder to look at it, whether a worker is at work on it or not. Changes nothing. */
export async function openEmbeddedReadOnly(folder: string): Promise<EmbeddedView> {
  if (!holdsLog(folder)) throw asFolderError(folder, new Error('there is no log in it'));
  const { tables, format } = await openExisting(folder, null, true);
  const { partitionCount } = format;
  const reads = createLmdbReads(tables, folder, partitionCount, followJournal(tables, folder, partitionCount));
  return {
    ...reads,
    committedOffset: (partition) => reads.mark(partition).committedOffset,
    models: modelReadsOf(reads),
    close: () => tables.root.close(),
  };
}
