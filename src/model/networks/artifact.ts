/**
 * A trained network as bytes: a safetensors file (docs/models.md). Its metadata holds the manifest (JSON) and a checksum over
 * everything but the checksum; the ids of users and items are JSON lists in tensors of bytes.
 * Other languages read the tensors with any safetensors library.
 */
import { ArtifactError } from '../../errors.ts';
import { finished, type Steps } from '../steps.ts';
import { checksumSteps } from './checksum.ts';
import { manifestProblems, type Manifest } from './manifest.ts';
import { readSafetensors, writeSafetensors, type Stored, type StoredTensor } from './safetensors.ts';
import { shapeProblems } from './shapes.ts';
import { sizeOf, type Tensor, type Tensors } from './tensor.ts';

export interface Artifact {
  readonly manifest: Manifest;
  readonly tensors: Tensors;
  /** By number. */
  readonly userIds: readonly string[];
  readonly itemIds: readonly string[];
}

/** More is not kept in memory by workers. */
export const maxArtifactBytes = 512 * 2 ** 20;

const userIdsName = 'user.ids';
const itemIdsName = 'item.ids';
const format = 'freshet-network-1';
const unsealed = '0'.repeat(16);
const stepNumbers = 1 << 16;

/** Throws ArtifactError when it is nothing that `decodeArtifact` would take. */
export function encodeArtifact(artifact: Artifact, limitBytes = maxArtifactBytes): Uint8Array<ArrayBuffer> {
  finished(checkSteps(artifact, 'This network cannot be stored'));
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { shape, data }] of artifact.tensors) {
    tensors.set(name, { dtype: 'F32', shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
  }
  tensors.set(userIdsName, storedIds(artifact.userIds));
  tensors.set(itemIdsName, storedIds(artifact.itemIds));
  const metadata = { format, manifest: JSON.stringify(artifact.manifest), checksum: unsealed };
  const bytes = writeSafetensors({ tensors, metadata });
  refuseLarge(bytes.byteLength, limitBytes);
  return seal(bytes);
}

/** Throws ArtifactError when anything about the bytes is not as it should be. The tensors may be views of the bytes. */
export const decodeArtifact = (bytes: Uint8Array, limitBytes?: number): Artifact =>
  finished(decodingSteps(bytes, limitBytes));

export function* decodingSteps(bytes: Uint8Array, limitBytes = maxArtifactBytes): Steps<Artifact> {
  refuseLarge(bytes.byteLength, limitBytes);
  const stored = read(bytes);
  if (stored.metadata.format !== format) {
    throw new ArtifactError(
      `This safetensors file has format ${stored.metadata.format ?? 'none'} where a network of this version has ${format}. ` +
        'It comes from elsewhere, or from another version of Freshet: train here, or use that version.',
      { found: stored.metadata.format ?? null, expected: format },
    );
  }
  const told = stored.metadata.checksum;
  const found = yield* checksumBeside(bytes);
  if (told !== found) throw damaged(`its checksum is ${found} and ${told ?? 'none'} is told`);
  const artifact = yield* artifactOf(stored);
  yield* checkSteps(artifact, 'This stored network cannot serve');
  return artifact;
}

/** Writes the checksum into its place. */
export function seal(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = checksumPlace(bytes);
  if (at >= 0) bytes.set(new TextEncoder().encode(finished(checksumBeside(bytes))), at);
  return bytes;
}

/** Of everything but the checksum itself. */
function* checksumBeside(bytes: Uint8Array): Steps<string> {
  const at = checksumPlace(bytes);
  return at < 0 ? 'none' : yield* checksumSteps([bytes.subarray(0, at), bytes.subarray(at + unsealed.length)]);
}

const checksumKey = new TextEncoder().encode('"checksum":"');

/** Where the checksum's digits begin, or -1: such quotes stand nowhere inside of the header's texts. */
function checksumPlace(bytes: Uint8Array): number {
  const last = bytes.length - checksumKey.length - unsealed.length;
  for (let at = bytes.indexOf(checksumKey[0]!); at >= 0 && at <= last; at = bytes.indexOf(checksumKey[0]!, at + 1)) {
    if (checksumKey.every((byte, i) => bytes[at + i] === byte)) return at + checksumKey.length;
  }
  return -1;
}

function read(bytes: Uint8Array): Stored {
  try {
    return readSafetensors(bytes);
  } catch (cause) {
    throw damaged(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function* artifactOf({ tensors: stored, metadata }: Stored): Steps<Artifact> {
  const tensors = new Map<string, Tensor>();
  for (const [name, { dtype, shape, bytes }] of stored) {
    yield;
    if (dtype === 'F32') tensors.set(name, { shape, data: numbersOf(bytes) });
  }
  return {
    manifest: parse('manifest', metadata.manifest ?? '') as Manifest,
    tensors,
    userIds: idsOf(stored, userIdsName),
    itemIds: idsOf(stored, itemIdsName),
  };
}

/** A view where they lie on a boundary of numbers, as in all that we write; else a copy. */
function numbersOf(bytes: Uint8Array): Float32Array {
  const { byteOffset, byteLength } = bytes;
  if (byteOffset % 4 !== 0) return new Float32Array(new Uint8Array(bytes).buffer);
  return new Float32Array(bytes.buffer, byteOffset, byteLength / 4);
}

function storedIds(ids: readonly string[]): StoredTensor {
  const bytes = new TextEncoder().encode(JSON.stringify(ids));
  return { dtype: 'U8', shape: [bytes.byteLength], bytes };
}

function idsOf(stored: Stored['tensors'], name: string): string[] {
  const tensor = stored.get(name);
  if (tensor?.dtype !== 'U8') throw damaged(`${name} is missing`);
  const ids = parse(name, new TextDecoder().decode(tensor.bytes));
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string') && new Set(ids).size === ids.length) return ids;
  throw damaged(`${name} is no list of different ids`);
}

function parse(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(`${name} is no JSON`, cause);
  }
}

function* checkSteps({ manifest, tensors, userIds, itemIds }: Artifact, what: string): Steps<void> {
  const wrong = manifestProblems(manifest).map((field) => `${field} of its manifest is missing or wrong`);
  const problems = wrong.length > 0 ? wrong : shapeProblems(manifest.kind, tensors, userIds.length, itemIds.length);
  for (const [name, { shape, data }] of tensors) {
    if (data.length !== sizeOf(shape)) problems.push(`${name} of [${shape.join(', ')}] has ${data.length} numbers`);
    const at = yield* firstNotFinite(data);
    if (at >= 0) problems.push(`${name} has ${data[at]} at ${at}, which is no finite number`);
  }
  if (problems.length === 0) return;
  throw new ArtifactError(
    `${what}: ${problems.join('; ')}. What serves goes on serving: train anew, or use the version that wrote it.`,
    { kind: manifestProblems(manifest).includes('kind') ? null : manifest.kind, problems: problems.length },
  );
}

/** Its place, or -1. */
function* firstNotFinite(data: Float32Array): Steps<number> {
  for (let at = 0; at < data.length; at++) {
    if (at % stepNumbers === 0) yield;
    if (!Number.isFinite(data[at]!)) return at;
  }
  return -1;
}

function refuseLarge(found: number, limit: number): void {
  if (found <= limit) return;
  throw new ArtifactError(
    `A network of ${found} bytes is larger than the ${limit} that are allowed. Train on a shorter window, or with smaller layers.`,
    { bytes: found, limitBytes: limit },
  );
}

const damaged = (reason: string, cause?: unknown): ArtifactError =>
  new ArtifactError(
    `This is no stored network, or a damaged one: ${reason}. What serves goes on serving: fetch it again, or train anew.`,
    {},
    cause,
  );
