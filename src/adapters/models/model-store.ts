/**
 * Artifacts in pieces and records as JSON, in a table:
 *
 *   KIND                 the record
 *   KIND/VERSION         what the pieces make together: written last, and taken away first
 *   KIND/VERSION/N       a piece, from 0
 */
import { createHash } from 'node:crypto';
import { setTimeout as rest } from 'node:timers/promises';
import { CorruptStateError } from '../../errors.ts';
import type { NetworkKind } from '../../model/networks/kinds.ts';
import type { ModelTable, ModelTableReads } from '../../ports/model-table.ts';
import type { ModelReader, ModelRecord, ModelStore, ModelVersion } from '../../ports/models.ts';

/** A stream commits between two pieces, and waits for one at most. */
const pieceBytes = 128 * 1024;
/** Between two pieces, written or read: so a stream keeps most of its thread and its disk. */
const writingRestMs = 10;
const readingRestMs = 1;

interface Whole {
  readonly pieces: number;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export function createModelReader(table: ModelTableReads): ModelReader {
  return {
    async record(kind) {
      const bytes = await table.read(kind);
      return bytes === undefined ? null : decodeRecord(kind, bytes);
    },
    artifact: (kind, version) => readArtifact(table, kind, version),
    async versions(kind) {
      const keys = await table.keys(`${kind}/`);
      return keys
        .map((key) => key.split('/'))
        .flatMap(([, version, piece]) => (version !== undefined && piece === undefined ? [version] : []));
    },
  };
}

export function createModelStore(table: ModelTable): ModelStore {
  async function dropVersion(kind: NetworkKind, version: ModelVersion): Promise<void> {
    const head = `${kind}/${version}`;
    const pieces = await table.keys(`${head}/`);
    await table.write([head, ...pieces].map((key) => ({ key, value: null })));
  }

  return {
    ...createModelReader(table),
    async put(kind, version, artifact) {
      await dropVersion(kind, version);
      const head = `${kind}/${version}`;
      const digest = createHash('sha256');
      let pieces = 0;
      for (let at = 0; at < artifact.length; at += pieceBytes) {
        const value = artifact.subarray(at, at + pieceBytes);
        digest.update(value);
        await table.write([{ key: `${head}/${pieces++}`, value }]);
        await rest(writingRestMs);
      }
      const whole: Whole = { pieces, sizeBytes: artifact.length, sha256: digest.digest('hex') };
      await table.write([{ key: head, value: encodeJson(whole) }]);
    },
    async update(kind, change) {
      const bytes = await table.update(kind, (value) => {
        const record = value === undefined ? null : decodeRecord(kind, value);
        const next = change(record);
        return next === null ? null : encodeJson({ ...next, kind, revision: (record?.revision ?? 0) + 1 });
      });
      return bytes === undefined ? null : decodeRecord(kind, bytes);
    },
    async prune(kind, keep) {
      const found = new Set((await table.keys(`${kind}/`)).map((key) => key.split('/')[1] ?? ''));
      for (const version of found) if (!keep.has(version)) await dropVersion(kind, version);
    },
    watch: (listener) => table.watch((key) => listener(key as NetworkKind)),
  };
}

async function readArtifact(
  table: ModelTableReads,
  kind: NetworkKind,
  version: ModelVersion,
): Promise<Uint8Array | undefined> {
  const head = `${kind}/${version}`;
  const bytes = await table.read(head);
  if (bytes === undefined) return undefined;
  const { pieces: count, sizeBytes, sha256 } = decodeJson(head, bytes) as Whole;
  const artifact = new Uint8Array(Math.min(sizeBytes, count * pieceBytes));
  let at = 0;
  const digest = createHash('sha256');
  for (let n = 0; n < count; n++) {
    await rest(readingRestMs);
    const piece = await table.read(`${head}/${n}`);
    // Taken away meanwhile, or damaged: only the former takes the head away as well.
    if (piece === undefined && (await table.read(head)) === undefined) return undefined;
    if (piece === undefined) continue;
    digest.update(piece);
    if (at < artifact.length) artifact.set(piece.subarray(0, artifact.length - at), at);
    at += piece.length;
  }
  if (at === sizeBytes && digest.digest('hex') === sha256) return artifact;
  throw new CorruptStateError(
    `The artifact of version ${version} of the ${kind} network is damaged: ${at} bytes where ${sizeBytes} were stored, or others. ` +
      'It is not used; train the network anew.',
    { kind, version, sizeBytes },
  );
}

const decodeRecord = (kind: NetworkKind, bytes: Uint8Array): ModelRecord => decodeJson(kind, bytes) as ModelRecord;

const encodeJson = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));

function decodeJson(key: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as unknown;
  } catch (error) {
    throw new CorruptStateError(
      `What is stored about the model ${key} cannot be read. Take it away, or restore a copy.`,
      { key },
      error,
    );
  }
}
