/**
 * Artifacts in pieces and records as JSON, in a table:
 *
 *   KIND                 the record
 *   KIND/VERSION         what the pieces make together: written last, and taken away first
 *   KIND/VERSION/N       a piece, from 0
 */
import { createHash } from 'node:crypto';
import { CorruptStateError } from '../../errors.ts';
import type { NetworkKind } from '../../model/networks/kinds.ts';
import type { ModelTable, ModelTableReads } from '../../ports/model-table.ts';
import type { ModelReader, ModelRecord, ModelStore, ModelVersion } from '../../ports/models.ts';

/** Below what a Kafka broker takes as one record. */
const pieceBytes = 512 * 1024;

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
      let pieces = 0;
      for (let at = 0; at < artifact.length; at += pieceBytes) {
        await table.write([{ key: `${head}/${pieces++}`, value: artifact.subarray(at, at + pieceBytes) }]);
      }
      const whole: Whole = { pieces, sizeBytes: artifact.length, sha256: digestOf([artifact]) };
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
  const pieces: Uint8Array[] = [];
  for (let n = 0; n < count; n++) {
    const piece = await table.read(`${head}/${n}`);
    // Taken away meanwhile, or damaged: only the former takes the head away as well.
    if (piece === undefined && (await table.read(head)) === undefined) return undefined;
    pieces.push(piece ?? new Uint8Array(0));
  }
  const artifact = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    artifact.set(piece, at);
    at += piece.length;
  }
  if (artifact.length === sizeBytes && digestOf([artifact]) === sha256) return artifact;
  throw new CorruptStateError(
    `The artifact of version ${version} of the ${kind} network is damaged: ${artifact.length} bytes where ${sizeBytes} were stored, or others. ` +
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

function digestOf(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
