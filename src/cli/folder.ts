/** A data folder that is there already: to look at, or to work on while no worker does. */
import { holdsLog } from '../adapters/embedded/data-folder.ts';
import type { EmbeddedStore } from '../adapters/embedded/embedded-store.ts';
import { openEmbedded, openEmbeddedReadOnly, type EmbeddedView } from '../adapters/embedded/open-embedded.ts';
import { DataFolderError, DataFolderLockedError } from '../errors.ts';

/** Changes nothing, and minds no worker. Throws DataFolderError when there is no log. */
export async function withView<T>(folder: string, look: (view: EmbeddedView) => T | Promise<T>): Promise<T> {
  refuseEmpty(folder);
  const view = await openEmbeddedReadOnly(folder);
  try {
    return await look(view);
  } finally {
    await view.close();
  }
}

/** `instead` says what to do while a worker holds the folder, for the error that then comes. */
export async function withStore<T>(
  folder: string,
  instead: string,
  work: (store: EmbeddedStore) => Promise<T>,
): Promise<T> {
  refuseEmpty(folder);
  return withNewStore(folder, instead, {}, work);
}

/** As `withStore`, but makes the folder when it is not there. */
export async function withNewStore<T>(
  folder: string,
  instead: string,
  options: { readonly partitionCount?: number },
  work: (store: EmbeddedStore) => Promise<T>,
): Promise<T> {
  const store = await openEmbedded({ folder, maxBacklog: Infinity, ...options }).catch((error: unknown) => {
    if (!(error instanceof DataFolderLockedError)) throw error;
    throw new DataFolderLockedError(
      `The data folder ${folder} is held by another process, most likely a running worker. ${instead}`,
      { folder },
      error,
    );
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

export const isDataFolder = (folder: string): boolean => holdsLog(folder);

/** A mistyped path must not become a new folder. */
function refuseEmpty(folder: string): void {
  if (holdsLog(folder)) return;
  throw new DataFolderError(
    `${folder} is no data folder: there is no log in it. Name the folder given to freshet run.`,
    {
      folder,
    },
  );
}
