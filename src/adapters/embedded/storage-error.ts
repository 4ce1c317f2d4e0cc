/** What LMDB reports when a transaction fails, as an error of ours. Nothing of the transaction was kept. */
import { CommitFailedError, StorageFullError } from '../../errors.ts';

/** ENOSPC, EFBIG, EDQUOT (by number, as LMDB gives them) and MDB_MAP_FULL. */
const storageFullCodes: ReadonlySet<unknown> = new Set([28, 27, 122, -30792]);

export async function storageError(error: unknown, folder: string): Promise<CommitFailedError | StorageFullError> {
  const cause = await causeOf(error);
  const why = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof Error && 'code' in cause && storageFullCodes.has(cause.code)) {
    const message = `The disk under the data folder ${folder} is full (${why}): nothing of this write was kept. Make room.`;
    return new StorageFullError(message, { folder }, cause);
  }
  const message = `Writing to the data folder ${folder} failed (${why}): nothing of it was kept. Check the disk.`;
  return new CommitFailedError(message, { folder }, cause);
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
