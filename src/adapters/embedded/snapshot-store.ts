/**
 * The local snapshot of a Kafka worker: copies of changelog partitions in `FOLDER/snapshot`, one LMDB environment. It is a
 * cache, so what is foreign, damaged or of another version is deleted, with the reason in the log, and begun anew.
 *
 * A file that LMDB cannot bear may end the process. So starts are counted until one has read everything and written:
 * after two that did not come so far, the snapshot is deleted rather than looked at.
 */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open, type RootDatabase } from 'lmdb';
import type { ChangelogViews, ViewName, ViewsIdentity } from '../../ports/changelog-views.ts';
import type { Log } from '../../ports/log.ts';
import { asFolderError, prepareSnapshotFolder, refuseForeignFile, snapshotName } from './data-folder.ts';
import { lockFolder } from './folder-lock.ts';
import { environment, textKeys, type Table } from './lmdb-tables.ts';
import { createSnapshotView, type SnapshotView } from './snapshot-view.ts';
import { storageError } from './storage-error.ts';

/** Raise it when rows, marks or tables are laid out differently. */
const snapshotFormat = 1;
const startsAllowed = 2;

export interface SnapshotOptions {
  readonly folder: string;
  readonly identity: ViewsIdentity;
  readonly partitionCount: number;
  readonly log: Log;
}

/** Throws DataFolderLockedError while another process uses the folder, and DataFolderError when it is something else. */
export async function openSnapshot(options: SnapshotOptions): Promise<ChangelogViews> {
  const { folder } = options;
  prepareSnapshotFolder(folder);
  const lock = await lockFolder(folder);
  try {
    return openLocked(options, () => lock.release());
  } catch (error) {
    await lock.release();
    throw asFolderError(folder, error);
  }
}

interface Environment {
  readonly root: RootDatabase<Buffer, string>;
  readonly meta: Table;
  readonly marks: Table;
}

function openLocked(options: SnapshotOptions, release: () => Promise<void>): ChangelogViews {
  const { folder, partitionCount, log } = options;
  const place = `${folder}/${snapshotName}`;
  const startsFile = `${place}/starts`;
  const identity: ViewsIdentity = { ...options.identity, format: snapshotFormat };
  const { root, meta, marks } = openTrusted();
  if (meta.get('identity') === undefined) meta.putSync('identity', Buffer.from(JSON.stringify(identity)));
  const views = new Map<ViewName, SnapshotView>();
  let isProven = false;

  function ignore(reason: string, view?: ViewName): void {
    log.warn({ folder, reason, ...(view === undefined ? {} : { view }) }, 'the local snapshot is ignored');
  }

  function openTrusted(): Environment {
    const starts = countStarts();
    try {
      if (starts > startsAllowed) throw new Error(`${startsAllowed} starts in a row ended while they read it`);
      mkdirSync(place, { recursive: true });
      if ((statSync(`${place}/data.mdb`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
        refuseForeignFile(`${place}/data.mdb`, false);
        return openKnown();
      }
    } catch (error) {
      ignore(error instanceof Error ? error.message : String(error));
      rmSync(place, { recursive: true, force: true });
    }
    mkdirSync(place, { recursive: true });
    writeFileSync(startsFile, '1');
    return openEnvironment();
  }

  function openKnown(): Environment {
    const opened = openEnvironment();
    try {
      const bytes = opened.meta.get('identity');
      if (bytes === undefined) throw new Error('it does not say what it belongs to');
      refuseForeign(JSON.parse(bytes.toString()) as ViewsIdentity, identity);
      return opened;
    } catch (error) {
      void opened.root.close();
      throw error;
    }
  }

  function openEnvironment(): Environment {
    const opened: Environment['root'] = open({
      ...environment,
      maxDbs: 2 * partitionCount + 8,
      path: place,
      noSubdir: false,
    });
    const table = (name: string): Table => opened.openDB(name, { encoding: 'binary', keyEncoder: textKeys } as object);
    return { root: opened, meta: table('meta'), marks: table('marks') };
  }

  /** This start included. */
  function countStarts(): number {
    let starts = 1;
    try {
      starts += Number(readFileSync(startsFile, 'utf8')) || 0;
    } catch {
      // None was counted.
    }
    mkdirSync(place, { recursive: true });
    writeFileSync(startsFile, String(starts));
    return starts;
  }

  function view(name: ViewName): SnapshotView {
    let found = views.get(name);
    if (found === undefined) {
      found = createSnapshotView({ name, root, marks, onDamage: (reason) => ignore(reason, name) });
      views.set(name, found);
    }
    return found;
  }

  const storedNames = (): ViewName[] => [...marks.getKeys()] as ViewName[];
  /** Begun at once, so that it is done, or well under way, when the first partition is assigned. */
  const proving = (async () => {
    for (const name of storedNames()) await view(name).mark();
  })();
  proving.catch(() => undefined); // whoever asks for the mark hears of it

  return {
    mark: (name) => view(name).mark(),
    visit: (name, visit) => view(name).visit(visit),
    read: (name, key) => view(name).read(key),
    async write(name, changes, mark) {
      try {
        await view(name).write(changes, mark);
      } catch (error) {
        throw await storageError(error, folder);
      }
      if (isProven) return;
      await proving;
      isProven = true;
      rmSync(startsFile, { force: true });
    },
    drop: (name) => view(name).drop(),
    names: storedNames,
    async close() {
      await proving.catch(() => undefined);
      await root.close();
      rmSync(startsFile, { force: true });
      await release();
    },
  };
}

function refuseForeign(found: ViewsIdentity, expected: ViewsIdentity): void {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
  const differences = names
    .filter((name) => found[name] !== expected[name])
    .map((name) => `${name} is ${found[name] ?? 'not said'} where ${expected[name] ?? 'nothing'} is expected`);
  if (differences.length > 0) throw new Error(`it belongs to something else: ${differences.join(', ')}`);
}
