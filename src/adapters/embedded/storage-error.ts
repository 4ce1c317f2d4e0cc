/** What LMDB or a file reports when a write fails, as an error of ours. Nothing of the transaction was kept. */
import { statfsSync } from 'node:fs';
import { CommitFailedError, StorageFullError } from '../../errors.ts';

/** ENOSPC, EFBIG, EDQUOT (by number, as LMDB gives them, and by name, as files do) and MDB_MAP_FULL. */
const storageFullCodes: ReadonlySet<unknown> = new Set([28, 27, 122, 'ENOSPC', 'EFBIG', 'EDQUOT', -30792]);

/** LMDB reports a write that the disk took only in part as EIO: then what is free tells why. */
const inputOutputCode = 5;
const fullDiskBytes = 1024 * 1024;

export async function storageError(error: unknown, folder: string): Promise<CommitFailedError | StorageFullError> {
  const cause = await causeOf(error);
  const why = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (storageFullCodes.has(code) || (code === inputOutputCode && freeBytes(folder) < fullDiskBytes)) {
    const message = `The disk under the data folder ${folder} is full (${why}): nothing of this write was kept. Make room.`;
    return new StorageFullError(message, { folder }, cause);
  }
  const message = `Writing to the data folder ${folder} failed (${why}): nothing of it was kept. Check the disk.`;
  return new CommitFailedError(message, { folder }, cause);
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** LMDB rejects with a general error that carries the particular one as a promise. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}
