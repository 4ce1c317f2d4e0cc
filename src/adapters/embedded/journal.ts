/**
 * The journal of a data folder: what checkpoints have changed and the tables do not hold yet, in files beside them. A commit writes
 * its rows one after the other [Rosenblum92, sec. 3] instead of each to a page of its own; later writes bring them into the tables.
 *
 * Rows are on disk before the transaction that needs them, and it is this that makes them count: it stores which files there are and
 * how much of each (table `ends`, key "journal"). What lies behind is what a write left that came to nothing. A writer goes on in
 * files of its own generation, so that one that was taken over damages nothing. A file is removed once a transaction no longer names it.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { CorruptStateError } from '../../errors.ts';
import { rowsOf } from './journal-rows.ts';
import { encodeNumbers, type Tables } from './lmdb-tables.ts';
import type { Rows } from './unmerged-rows.ts';

export interface Segment {
  readonly generation: number;
  /** Higher than those of all before it. */
  readonly number: number;
  readonly sizeBytes: number;
}

const nameOf = ({ generation, number }: Segment): string => `journal-${generation}-${number}`;

export const journalKey = 'journal';
const numbersPerSegment = 3;

export const encodeSegments = (segments: readonly Segment[]): Buffer =>
  encodeNumbers(...segments.flatMap(({ generation, number, sizeBytes }) => [generation, number, sizeBytes]));

type Transaction = ReturnType<Tables['root']['useReadTransaction']>;

/** In their order. Empty for a folder without a journal. */
export function storedSegments({ ends }: Tables, transaction?: Transaction): readonly Segment[] {
  const bytes = ends.get(journalKey, transaction && { transaction });
  const segments: Segment[] = [];
  for (let at = 0; at < (bytes?.length ?? 0); at += 8 * numbersPerSegment) {
    const number = (n: number): number => bytes?.readDoubleBE(at + 8 * n) ?? 0;
    segments.push({ generation: number(0), number: number(1), sizeBytes: number(2) });
  }
  return segments;
}

/** Rows visited before others may run: well under a millisecond. */
const sliceRows = 500;

/** The last value of every row that the segments hold; undefined when one of them was merged meanwhile, and has gone. */
export function readSegments(folder: string, segments: readonly Segment[]): Map<string, Buffer | null> | undefined {
  const found = new Map<string, Buffer | null>();
  try {
    for (const segment of segments) {
      const bytes = readFileSync(join(folder, nameOf(segment)));
      for (const { id, value } of rowsOf(whole(bytes, segment))) found.set(id, value);
    }
    return found;
  } catch (error) {
    refuseUnlessGone(error);
    return undefined;
  }
}

/** The same in slices. */
export async function loadSegments(folder: string, segments: readonly Segment[]): Promise<Rows | undefined> {
  const found = new Map<string, Buffer | null>();
  let rows = 0;
  try {
    for (const segment of segments) {
      const bytes = await readFile(join(folder, nameOf(segment)));
      for (const { id, value } of rowsOf(whole(bytes, segment))) {
        found.set(id, value);
        if (++rows % sliceRows === 0) await breathe();
      }
    }
    return found;
  } catch (error) {
    refuseUnlessGone(error);
    return undefined;
  }
}

/** A file of theirs was not there: returns when other segments are named by now, and throws when it is these still. */
export function refuseIfStillNamed(tables: Tables, folder: string, segments: readonly Segment[]): void {
  tables.root.resetReadTxn();
  if (!encodeSegments(storedSegments(tables)).equals(encodeSegments(segments))) return;
  throw new CorruptStateError(
    `A file of the journal has gone from the data folder ${folder}. It was removed, or left out of a copy: restore it, or the folder from a copy.`,
    { folder },
  );
}

function whole(bytes: Buffer, segment: Segment): Buffer {
  const { sizeBytes } = segment;
  if (bytes.length >= sizeBytes) return bytes.subarray(0, sizeBytes);
  throw new CorruptStateError(
    `${nameOf(segment)} has ${bytes.length} of ${sizeBytes} bytes; the data folder is damaged: restore it from a copy.`,
    { sizeBytes, found: bytes.length },
  );
}

function refuseUnlessGone(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}

/** What the process that writes the folder does with its journal. One write at a time. */
export class Journal {
  readonly #folder: string;
  readonly #generation: number;
  #segments: readonly Segment[];
  /** Of the last file. None is used twice: a former file of that name may be about to be removed. */
  #number: number;
  /** What is written to, if anything was since the last round began; the tables may not name it yet. */
  #current: { readonly segment: Segment; readonly file: FileHandle } | null = null;
  /** So many of the first segments are for the round under way, and so many are needed no more. */
  #inRound: number;
  #unneeded = 0;
  /** What nobody waits for but who closes. */
  #tidied: Promise<unknown> = Promise.resolve();

  /** `segments`: what the tables name; a round of its own. */
  constructor(folder: string, generation: number, segments: readonly Segment[]) {
    [this.#folder, this.#generation, this.#segments] = [folder, generation, segments];
    this.#inRound = segments.length;
    this.#number = Math.max(0, ...segments.map(({ number }) => number));
    removeLeavings(folder, generation, segments);
  }

  /** As the tables name them. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  get sizeBytes(): number {
    return sizeOf(this.#segments);
  }

  /** Of what came since the last round began. */
  get recentBytes(): number {
    return sizeOf(this.#segments.slice(this.#inRound));
  }

  /** Puts pieces on disk. Resolves with what the tables are to name, in the transaction that makes the pieces count. */
  async append(pieces: readonly Buffer[]): Promise<readonly Segment[]> {
    const kept = this.#unneeded > 0 ? this.#segments.slice(this.#unneeded) : this.#segments;
    if (pieces.length === 0) return kept;
    this.#current ??= await this.#create();
    const { segment, file } = this.#current;
    const others = kept.filter(({ number }) => number !== segment.number);
    let at = kept.find(({ number }) => number === segment.number)?.sizeBytes ?? 0;
    for (const piece of pieces) {
      await writeWhole(file, piece, at);
      at += piece.length;
    }
    await file.datasync();
    return [...others, { ...segment, sizeBytes: at }];
  }

  /** The tables name these, durably: what the last call of `append` resolved with. */
  settle(segments: readonly Segment[]): void {
    const gone = this.#segments.slice(0, this.#unneeded);
    [this.#inRound, this.#unneeded] = [this.#inRound - gone.length, 0];
    this.#segments = segments;
    this.#remove(gone);
  }

  /** The tables hold everything, and name no segment: all files go. */
  clear(): void {
    const gone = this.#current === null ? this.#segments : [...this.#segments, this.#current.segment];
    this.#leave();
    [this.#segments, this.#inRound, this.#unneeded] = [[], 0, 0];
    this.#remove(gone);
  }

  /** All that is here is for the round that begins; what comes from here on has a segment of its own. */
  beginRound(): void {
    this.#inRound = this.#segments.length;
    this.#leave();
  }

  /** The tables hold all that the round was for: the next write names its segments no more. */
  endRound(): void {
    this.#unneeded = this.#inRound;
  }

  async close(): Promise<void> {
    this.#leave();
    await this.#tidied;
  }

  #remove(segments: readonly Segment[]): void {
    for (const segment of segments) this.#tidy(rm(join(this.#folder, nameOf(segment)), { force: true }));
  }

  #leave(): void {
    if (this.#current !== null) this.#tidy(this.#current.file.close());
    this.#current = null;
  }

  /** A file that stays is removed by the next writer. */
  #tidy(work: Promise<void>): void {
    this.#tidied = Promise.allSettled([this.#tidied, work]);
  }

  async #create(): Promise<{ readonly segment: Segment; readonly file: FileHandle }> {
    const segment = { generation: this.#generation, number: ++this.#number, sizeBytes: 0 };
    const file = await open(join(this.#folder, nameOf(segment)), 'w');
    const directory = await open(this.#folder, 'r');
    await directory.sync().finally(() => directory.close());
    return { segment, file };
  }
}

const sizeOf = (segments: readonly Segment[]): number => segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

async function writeWhole(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

/** Files of former writers that no transaction names. One that came after us may be at work already: its files stay. */
function removeLeavings(folder: string, generation: number, segments: readonly Segment[]): void {
  const named = new Set(segments.map(nameOf));
  for (const name of readdirSync(folder)) {
    const [, writer] = /^journal-(\d+)-\d+$/.exec(name) ?? [];
    if (writer !== undefined && Number(writer) <= generation && !named.has(name)) rmSync(join(folder, name));
  }
}
