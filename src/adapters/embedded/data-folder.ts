/** Opening a data folder: ours and readable, or refused and left as it was. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { CorruptStateError, DataFolderError, FreshetError } from '../../errors.ts';
import { lockName } from './folder-lock.ts';
import {
  encodeNumbers,
  folderFormat,
  formerFolderFormat,
  openTables,
  type FolderFormat,
  type Tables,
} from './lmdb-tables.ts';

const dataName = 'data.mdb';
const creatingName = 'creating.tmp';
/** Where a Kafka worker keeps its snapshot (snapshot-store.ts). */
export const snapshotName = 'snapshot';
/** What may lie in a folder that a log is created in: leavings of our own, and of file systems. */
const ignoredNames = new Set([lockName, creatingName, 'lock.mdb', 'lost+found']);

/** Makes the folder if need be. Throws DataFolderError when something else lives there. */
export function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    const names = readdirSync(folder);
    if (names.includes(dataName)) return;
    const foreign = names.find((name) => !ignoredNames.has(name));
    if (foreign === undefined) return;
    if (foreign === snapshotName) {
      throw new DataFolderError(
        `${folder} holds the snapshot of a worker on Kafka and no log. Give --brokers with it, or name another folder.`,
        { folder },
      );
    }
    throw new DataFolderError(
      `${folder} is not a data folder of Freshet: it holds ${foreign} and no log. Name an empty or a new folder.`,
      { folder },
    );
  } catch (error) {
    throw asFolderError(folder, error);
  }
}

/** Makes the folder of a snapshot if need be. Throws DataFolderError when a log or something else lives there. */
export function prepareSnapshotFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    const names = readdirSync(folder);
    if (names.includes(dataName)) {
      throw new DataFolderError(
        `${folder} is the data folder of a worker on this machine alone: it holds a log of its own. ` +
          'Leave --brokers out to go on with it, or name another folder for the snapshot of a worker on Kafka.',
        { folder },
      );
    }
    const foreign = names.find((name) => name !== snapshotName && !ignoredNames.has(name));
    if (foreign === undefined) return;
    throw new DataFolderError(
      `${folder} is not a folder of Freshet: it holds ${foreign} and no snapshot. Name an empty or a new folder.`,
      { folder },
    );
  } catch (error) {
    throw asFolderError(folder, error);
  }
}

/** True when a log was created in the folder before. */
export function holdsLog(folder: string): boolean {
  return (statSync(`${folder}/${dataName}`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** A new log appears in the folder whole or not at all: it is built aside and renamed. */
export async function createLog(folder: string, format: FolderFormat): Promise<void> {
  const aside = `${folder}/${creatingName}`;
  let tables: Tables | undefined;
  try {
    rmSync(aside, { recursive: true, force: true });
    tables = await openTables(aside, true, false);
    if (tables === undefined) throw new Error('the tables cannot be created');
    const { meta } = tables;
    await meta.batch(() => {
      void putFormat(meta, format);
      void meta.put('writer', encodeNumbers(0), 1);
    });
    await tables.root.close();
    renameSync(`${aside}/${dataName}`, `${folder}/${dataName}`);
    syncFolder(folder);
    rmSync(aside, { recursive: true, force: true });
  } catch (error) {
    await tables?.root.close();
    throw asFolderError(folder, error);
  }
}

const putFormat = (meta: Tables['meta'], format: FolderFormat): Promise<boolean> =>
  meta.put('format', Buffer.from(JSON.stringify(format)), 1);

/** From here on versions that know nothing of the journal refuse the folder. */
export async function upgradeFormat(tables: Tables, format: FolderFormat): Promise<void> {
  if (format.format !== folderFormat) await putFormat(tables.meta, { ...format, format: folderFormat });
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Opens the tables of a folder that holds a log. `partitionCount` null takes what is there. Changes no data. */
export async function openExisting(
  folder: string,
  partitionCount: number | null,
  readOnly: boolean,
): Promise<{ tables: Tables; format: FolderFormat }> {
  let tables: Tables | undefined;
  try {
    refuseForeignFile(`${folder}/${dataName}`, readOnly);
    tables = await openTables(folder, false, readOnly);
    if (tables === undefined) throw refusal(folder, 'it has no tables of ours', 'Name another folder.');
    return { tables, format: readFormat(folder, tables, partitionCount) };
  } catch (error) {
    await tables?.root.close();
    throw asFolderError(folder, error);
  }
}

/** LMDB ends the process over a file that is none of its own, so both of its heads are looked at first. */
export function refuseForeignFile(path: string, readOnly: boolean): void {
  const descriptor = openSync(path, readOnly ? 'r' : 'r+');
  try {
    const head = Buffer.alloc(fileHead.sizeBytes);
    let at = 0;
    for (let copy = 0; copy < 2; copy++) {
      const readBytes = readSync(descriptor, head, 0, head.length, at);
      const version = head.readUInt32LE(fileHead.versionAt) & 0xffff;
      if (readBytes < head.length || head.readUInt32LE(fileHead.magicAt) !== fileHead.magic || version !== 2) {
        throw new Error(`${path} is damaged, or is something else`);
      }
      at = head.readUInt32LE(fileHead.pageBytesAt);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Where LMDB, data version 2 on 64-bit little-endian machines, keeps what identifies its file. */
const fileHead = { sizeBytes: 160, magicAt: 24, magic: 0xbeefc0de, versionAt: 28, pageBytesAt: 48 };

function readFormat(folder: string, tables: Tables, partitionCount: number | null): FolderFormat {
  const bytes = tables.meta.get('format');
  if (bytes === undefined) throw refusal(folder, 'it does not say its format', 'Name another folder.');
  const found = JSON.parse(bytes.toString()) as FolderFormat;
  if (found.format !== folderFormat && found.format !== formerFolderFormat) {
    const why = `its format is ${found.format} and this version reads ${folderFormat}`;
    throw refusal(folder, why, 'Run the version of Freshet that wrote it, or name another folder.');
  }
  if (partitionCount !== null && found.partitionCount !== partitionCount) {
    const why = `it has ${found.partitionCount} partitions and ${partitionCount} are asked for`;
    throw refusal(folder, why, 'The number cannot change afterwards: ask for what it has, or name another folder.');
  }
  return found;
}

function refusal(folder: string, why: string, what: string): DataFolderError {
  return new DataFolderError(`The data folder ${folder} cannot be used: ${why}. ${what}`, { folder });
}

/** Errors of the file system and of LMDB at opening all mean the same to the caller. */
export function asFolderError(folder: string, error: unknown): FreshetError {
  if (error instanceof FreshetError && !(error instanceof CorruptStateError)) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new DataFolderError(
    `The data folder ${folder} cannot be opened: ${why}. Check the path and its permissions, or restore it from a copy.`,
    { folder },
    error,
  );
}
