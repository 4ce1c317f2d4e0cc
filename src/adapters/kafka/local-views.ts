/**
 * Local copies of changelog partitions (ports/changelog-views.ts) in use: a restore reads the rows from disk and only
 * the changelog's tail from the broker, and the copies follow the changelogs in the background.
 *
 * Copies are made of what readers of committed data see, so nothing gets into them before it is committed, whoever wrote
 * it, and nothing that the stream does ever waits for the disk.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ChangelogViews, CopyMark, ViewMark, ViewName, ViewRole } from '../../ports/changelog-views.ts';
import type { Log } from '../../ports/log.ts';
import type { Offset } from '../../ports/transport.ts';
import type { KafkaTopics } from './changelog.ts';
import { nextOffsetKey } from './checkpoint-rounds.ts';
import { messageOf } from './kafka-error.ts';
import { changelogValues, type LatestValues, type ReadValues, type ValueVisitor } from './latest-values.ts';
import type { PartitionReader } from './partition-reader.ts';
import { readSome, type FoldedPart } from './read-some.ts';

export interface LocalViewsOptions {
  readonly views: ChangelogViews;
  /** For restores; stays the caller's to close. */
  readonly reader: PartitionReader;
  /** Makes one for following in the background, with small fetches; it is closed with the copies. */
  readonly openReader: () => PartitionReader;
  readonly topics: Pick<KafkaTopics, ViewRole>;
  readonly partitionCount: number;
  /** Copies that were not brought up to date for so long are not used: compaction may have removed deletions meanwhile. */
  readonly maxAgeMs: number;
  readonly nowMs: () => number;
  readonly log: Log;
  /** 2 s when not given: how often copies are brought up to date. */
  readonly everyMs?: number;
  /** 10 minutes when not given: how long the copy of a partition that went away is kept, should it come back. */
  readonly keepMs?: number;
  /** 16 MiB when not given: last values held in memory at a time. */
  readonly maxHeldBytes?: number;
}

export interface LocalViews extends LatestValues {
  /** Brings every copy in use up to date, as far as there is time, and closes them. */
  close(catchUpMs?: number): Promise<void>;
}

/** Marks are refreshed this often while nothing is written to the changelog. */
const idleMarkMs = 60_000;

/** Rows from disk between two reports of progress. */
const reportedRows = 5000;

/** Copies that are brought up to date together when the worker stops: the disk flushes once for several. */
const atOnce = 4;

export function createLocalViews(options: LocalViewsOptions): LocalViews {
  const { views, topics, partitionCount, maxAgeMs, nowMs, log, everyMs = 2000, keepMs = 600_000 } = options;
  const { maxHeldBytes = 16 * 1024 * 1024 } = options;
  const whole = changelogValues(options.reader, topics);
  const followReader = options.openReader();
  /** Copies in use; from when on they are not, for those of partitions that went away. */
  const kept = new Map<ViewName, number | null>();
  const turns = new Map<ViewName, Promise<unknown>>();
  /** Copies that somebody waits for. */
  const awaited = new Set<ViewName>();
  const stopping = new AbortController();
  const warned = new Set<string>();

  function inTurn<T>(name: ViewName, work: () => Promise<T>): Promise<T> {
    const turn = (turns.get(name) ?? Promise.resolve()).then(work, work);
    turns.set(
      name,
      turn.catch(() => undefined),
    );
    return turn;
  }

  const part = (reader: PartitionReader, name: ViewName, from: Offset, isOver?: () => boolean): Promise<FoldedPart> => {
    const [role, partition] = parseName(name);
    return readSome({ reader, topic: topics[role], role, partition, maxBytes: maxHeldBytes }, from, isOver);
  };

  /** The mark of a copy that may be used; without one, the reason is in the log. */
  async function usable(
    name: ViewName,
    reader: PartitionReader,
    committed: Offset | null = null,
  ): Promise<CopyMark | null> {
    const mark = await views.mark(name);
    if (mark === null) return null;
    const [role, partition] = parseName(name);
    const { start, end } = await reader.bounds(topics[role], partition);
    const ageMs = nowMs() - mark.asOfMs;
    const reason =
      mark.position < start || mark.position > end
        ? `it goes up to ${mark.position}, and the changelog holds ${start}..${end}`
        : ageMs > maxAgeMs || ageMs < -maxAgeMs
          ? `it is ${Math.round(ageMs / 1000)} s old, and deletions may be gone from the changelog after ${Math.round(maxAgeMs / 1000)} s`
          : aheadOf(name, committed);
    if (reason === null) return mark;
    log.warn({ view: name, reason }, 'the local snapshot is ignored');
    await views.drop(name);
    return null;
  }

  function aheadOf(name: ViewName, committed: Offset | null): string | null {
    if (committed === null || !name.startsWith('users')) return null;
    const bytes = views.read(name, nextOffsetKey);
    const stored = bytes === undefined ? 0 : Number(Buffer.from(bytes).toString());
    return stored <= committed ? null : `it has learned up to ${stored}, and only ${committed} is committed`;
  }

  async function visitCopy(
    name: ViewName,
    { changes, position, fromChangelog, rowCount }: Tail,
    visit: ValueVisitor,
    onProgress: (recordCount: number, doneRatio: number) => void = () => undefined,
  ): Promise<ReadValues> {
    let fromDisk = 0;
    await views.visit(name, (key, value) => {
      if (!changes.has(key)) visit(key, value);
      if (++fromDisk % reportedRows === 0) onProgress(fromDisk + fromChangelog, Math.min(1, fromDisk / rowCount));
    });
    for (const [key, value] of changes) if (value !== null) visit(key, value);
    onProgress(fromDisk + fromChangelog, 1);
    return { position, fromDisk, fromChangelog };
  }

  /** What comes after the copy; as much of it as does not fit in memory goes into the copy first. */
  async function readTail(name: ViewName, { position, asOfMs, rowCount }: CopyMark): Promise<Tail> {
    let fromChangelog = 0;
    for (let from = position; ;) {
      const tail = await part(options.reader, name, from);
      fromChangelog += tail.recordCount;
      if (tail.isEnd) return { ...tail, fromChangelog, rowCount: Math.max(1, rowCount) };
      await views.write(name, tail.changes, { position: tail.position, asOfMs });
      from = tail.position;
    }
  }

  /** Null when the copy cannot be used: nothing was visited then. */
  async function fromCopy(name: ViewName, committed: Offset | null, ...visit: Visit): Promise<ReadValues | null> {
    const mark = await usable(name, options.reader, committed);
    if (mark === null) return null;
    const tail = await readTail(name, mark).catch((error: unknown) => {
      log.warn({ view: name, reason: messageOf(error) }, 'the local snapshot is ignored');
      return null;
    });
    return tail === null ? null : visitCopy(name, tail, ...visit);
  }

  /** As far as `isOver` lets it. */
  async function advance(name: ViewName, isOver: () => boolean): Promise<void> {
    const stored = await usable(name, followReader);
    let mark: ViewMark = stored ?? (await beginning(name));
    let isNew = stored === null;
    for (let isEnd = false; !isEnd && !isOver();) {
      const startMs = nowMs();
      const { position, changes, ...read } = await part(followReader, name, mark.position, isOver);
      isEnd = read.isEnd;
      const next = { position, asOfMs: isEnd ? startMs : mark.asOfMs };
      const isAged = next.asOfMs - mark.asOfMs > Math.min(idleMarkMs, maxAgeMs / 4);
      if (isNew || isAged || position > mark.position) await views.write(name, changes, next);
      isNew = false;
      mark = next;
    }
  }

  /** What is read from now on is as old as now at the most: deletions stay in the changelog for a while after that. */
  async function beginning(name: ViewName): Promise<ViewMark> {
    const [role, partition] = parseName(name);
    const asOfMs = nowMs();
    return { position: (await followReader.bounds(topics[role], partition)).start, asOfMs };
  }

  async function attempt(name: ViewName, work: () => Promise<void>): Promise<void> {
    try {
      await inTurn(name, work);
      warned.delete(name);
    } catch (error) {
      if (stopping.signal.aborted || warned.has(name)) return;
      warned.add(name);
      log.warn({ view: name, reason: messageOf(error) }, 'the local snapshot falls behind');
    }
  }

  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      await delay(everyMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      for (const name of kept.keys()) {
        const isOver = (): boolean => stopping.signal.aborted || awaited.has(name) || kept.get(name) !== null;
        if (!isOver()) await attempt(name, () => advance(name, isOver));
      }
      for (const name of views.names()) await dropUnused(name);
    }
  }

  async function dropUnused(name: ViewName): Promise<void> {
    const since = kept.get(name);
    if (since === undefined) kept.set(name, performance.now());
    else if (since !== null && performance.now() - since > keepMs) {
      await attempt(name, () => views.drop(name));
      kept.delete(name);
    }
  }

  const following = follow();

  return {
    async visit(role, partition, visit, onProgress, committed = null) {
      const name: ViewName = `${role}:${partition}`;
      awaited.add(name);
      const read = await inTurn(name, () => fromCopy(name, committed, visit, onProgress)).finally(() =>
        awaited.delete(name),
      );
      const values = read ?? (await whole.visit(role, partition, visit, onProgress));
      kept.set(name, null);
      return values;
    },
    release(partition) {
      const roles: readonly ViewRole[] = partitionCount > 1 ? ['users'] : ['users', 'items'];
      for (const role of roles) {
        if (kept.get(`${role}:${partition}`) === null) kept.set(`${role}:${partition}`, performance.now());
      }
    },
    async close(catchUpMs = 3000) {
      stopping.abort();
      const untilMs = performance.now() + catchUpMs;
      const isOver = (): boolean => performance.now() > untilMs;
      const behind = (error: unknown): void =>
        log.warn({ reason: messageOf(error) }, 'the local snapshot falls behind');
      const catchUp = async (): Promise<void> => {
        await following;
        const names = kept.keys();
        const some = async (): Promise<void> => {
          for (const name of names) if (!isOver()) await inTurn(name, () => advance(name, isOver)).catch(behind);
        };
        await Promise.all(Array.from({ length: atOnce }, some));
      };
      // Brokers that do not answer must not keep the worker: closing the reader ends what waits for them.
      await Promise.race([catchUp(), delay(catchUpMs, undefined, { ref: false })]);
      await followReader.close();
      await Promise.all([following, ...turns.values()]);
      await views.close();
    },
  };
}

interface Tail extends FoldedPart {
  readonly fromChangelog: number;
  /** Of the copy, for progress. */
  readonly rowCount: number;
}

type Visit = [visit: ValueVisitor, onProgress: ((recordCount: number, doneRatio: number) => void) | undefined];

function parseName(name: ViewName): [ViewRole, number] {
  const colon = name.indexOf(':');
  return [name.startsWith('users') ? 'users' : 'items', Number(name.slice(colon + 1))];
}
