/**
 * One process at a time writes to a data folder. The lock is a unix socket inside the folder that the holder listens on:
 * the kernel ends it with the process, however that ends, and a reused process id means nothing to it.
 */
import { close, open, realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DataFolderError, DataFolderLockedError } from '../../errors.ts';

export const lockName = 'writer.sock';

/** Longest path that a socket address holds on every platform, with its end mark. */
const maxAddressBytes = 100;

export interface FolderLock {
  release(): Promise<void>;
}

/** Throws DataFolderLockedError while another process, or another store of this one, holds the folder. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const address = await socketAddress(folder);
  try {
    const server = await listen(address.path).catch(async (error: unknown) => {
      if (codeOf(error) !== 'EADDRINUSE') throw error;
      if (await answers(address.path)) throw lockedError(folder);
      // The holder is dead. Two that start at once may both come here; the writer generation fences the earlier one.
      rmSync(address.path, { force: true });
      return listen(address.path);
    });
    return {
      async release() {
        await new Promise<void>((resolve) => {
          server.close(() => resolve());
        });
        await address.release();
      },
    };
  } catch (error) {
    await address.release();
    if (error instanceof DataFolderLockedError) throw error;
    if (codeOf(error) === 'EADDRINUSE') throw lockedError(folder);
    throw new DataFolderError(
      `The data folder ${folder} cannot be locked (${codeOf(error) ?? String(error)}); its file system must allow ` +
        'unix sockets and writing: choose a folder on a local disk.',
      { folder },
      error,
    );
  }
}

async function socketAddress(folder: string): Promise<{ path: string; release: () => Promise<void> }> {
  const real = realpathSync(folder);
  const path = join(real, lockName);
  if (Buffer.byteLength(path) <= maxAddressBytes || process.platform !== 'linux') {
    return { path, release: () => Promise.resolve() };
  }
  const descriptor = await promisify(open)(real, 'r');
  return { path: `/proc/self/fd/${descriptor}/${lockName}`, release: () => promisify(close)(descriptor) };
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(path, () => resolve(server.unref()));
  });
}

/** True when a process listens, even one that is too busy to answer. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => resolve(codeOf(error) !== 'ECONNREFUSED' && codeOf(error) !== 'ENOENT'));
  });
}

function lockedError(folder: string): DataFolderLockedError {
  return new DataFolderLockedError(
    `The data folder ${folder} is in use by another process; only one may write to it. Stop the other one, or choose another folder.`,
    { folder },
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
