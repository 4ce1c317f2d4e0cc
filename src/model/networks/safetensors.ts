/**
 * The safetensors format: eight bytes with the header's length, little-endian; the header, JSON; the data of all tensors,
 * one after the other. Only what artifacts need of it: float32 tensors, bytes, and text as metadata.
 */
import { sizeOf } from './tensor.ts';

export interface StoredTensor {
  readonly dtype: 'F32' | 'U8';
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface Stored {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const lengthBytes = 8;
/** So that numbers begin on a boundary of theirs. */
const alignment = 8;
const elementBytes: Readonly<Record<StoredTensor['dtype'], number>> = { F32: 4, U8: 1 };

export function writeSafetensors({ tensors, metadata }: Stored): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { dtype, shape, bytes }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [end, end + bytes.byteLength] };
    end += bytes.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(text.byteLength / alignment) * alignment;
  const out = new Uint8Array(lengthBytes + headerLength + end).fill(0x20, lengthBytes, lengthBytes + headerLength);
  new DataView(out.buffer).setUint32(0, headerLength, true);
  out.set(text, lengthBytes);
  let at = lengthBytes + headerLength;
  for (const { bytes } of tensors.values()) {
    out.set(bytes, at);
    at += bytes.byteLength;
  }
  return out;
}

/** Throws an Error whose message says what is wrong. The tensors' bytes are views. */
export function readSafetensors(bytes: Uint8Array): Stored {
  if (bytes.byteLength < lengthBytes) throw new Error(`${bytes.byteLength} bytes hold no header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  const dataAt = lengthBytes + headerLength;
  if (dataAt > bytes.byteLength)
    throw new Error(`the header is said to have ${headerLength} bytes, more than there are`);
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(lengthBytes, dataAt));
  const header: unknown = JSON.parse(text);
  if (!isRecord(header)) throw new Error('the header is no JSON object');
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw new Error('the metadata is not text by name');
  }
  const tensors = new Map<string, StoredTensor>();
  let end = 0;
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, from, to } = tableEntry(name, entry);
    if (from !== end || to - from !== sizeOf(shape) * elementBytes[dtype] || dataAt + to > bytes.byteLength) {
      throw new Error(`tensor ${name} of shape [${shape.join(', ')}] cannot be bytes ${from} to ${to}`);
    }
    tensors.set(name, { dtype, shape, bytes: bytes.subarray(dataAt + from, dataAt + to) });
    end = to;
  }
  if (dataAt + end !== bytes.byteLength)
    throw new Error(`${bytes.byteLength - dataAt - end} bytes belong to no tensor`);
  return { tensors, metadata: metadata as Record<string, string> };
}

interface Place {
  readonly dtype: StoredTensor['dtype'];
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

function tableEntry(name: string, entry: unknown): Place {
  if (isRecord(entry)) {
    const { dtype, shape, data_offsets: offsets } = entry;
    if ((dtype === 'F32' || dtype === 'U8') && isCounts(shape) && isCounts(offsets) && offsets.length === 2) {
      return { dtype, shape, from: offsets[0]!, to: offsets[1]! };
    }
  }
  throw new Error(`tensor ${name} is no float32 numbers or bytes of a known shape and place`);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && (count as number) >= 0);
