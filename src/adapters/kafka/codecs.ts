/**
 * Compression of batches beyond gzip, which kafkajs has built in: snappy, lz4 and zstd, for reading what other clients
 * wrote. Nothing here is compiled on installation. Freshet itself writes gzip or nothing.
 *
 * What a batch unpacks to is bounded: a small batch can claim to be gigabytes.
 */
import { createRequire } from 'node:module';
import zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import kafkajs from 'kafkajs';
import { CorruptStateError, InvariantViolation } from '../../errors.ts';
import type { CompressionCodec } from './kafkajs-internals.ts';

/** A hundred times what brokers accept as a batch by default. */
export const maxUnpackedBytes = 128 * 1024 * 1024;

const load = createRequire(import.meta.url) as (name: string) => unknown;
const { uncompress: unsnap } = load('snappyjs') as {
  uncompress: (block: Buffer, maxLength: number) => Buffer;
};
const lz4 = load('lz4js') as {
  decompress(frame: Uint8Array, maxSize: number): Uint8Array;
  /** At least what the frame unpacks to. */
  decompressBound(frame: Uint8Array): number;
};
/** From Node 22.15 on. */
const { zstdDecompressSync } = zlib as {
  zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer;
};

/** Idempotent; every client needs it before its first fetch. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs; // no named exports to native modules
  CompressionCodecs[CompressionTypes.Snappy] = () => reading('snappy', unpackSnappy);
  CompressionCodecs[CompressionTypes.LZ4] = () => reading('lz4', unpackLz4);
  CompressionCodecs[CompressionTypes.ZSTD] = () => reading('zstd', unpackZstd);
}

function reading(name: string, unpack: (bytes: Buffer) => Uint8Array): CompressionCodec {
  return {
    compress: () =>
      Promise.reject(
        new InvariantViolation(`A batch was to be written with ${name}, which is only read. Please report it.`),
      ),
    decompress(bytes) {
      try {
        return Promise.resolve(asBuffer(unpack(bytes)));
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return Promise.reject(
          new CorruptStateError(
            `A ${name} batch of ${bytes.length} bytes cannot be unpacked (${why}). Its producer is at fault, or the disk of the broker.`,
            { codec: name, bytes: bytes.length },
            error,
          ),
        );
      }
    },
  };
}

/** Java clients put snappy blocks into a frame of their own; others write one bare block. */
const javaMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const javaHeaderBytes = 16;

export function unpackSnappy(bytes: Buffer): Uint8Array {
  if (!bytes.subarray(0, javaMagic.length).equals(javaMagic)) return unsnap(bytes, maxUnpackedBytes);
  const blocks: Uint8Array[] = [];
  let room = maxUnpackedBytes;
  for (let at = javaHeaderBytes; at < bytes.length;) {
    const from = at + 4;
    at = from + bytes.readInt32BE(at);
    if (at < from || at > bytes.length) throw new Error('a block ends behind the batch');
    const block = unsnap(bytes.subarray(from, at), room);
    blocks.push(block);
    room -= block.length;
  }
  return Buffer.concat(blocks);
}

export function unpackLz4(bytes: Buffer): Uint8Array {
  const bound = lz4.decompressBound(bytes);
  if (bound > maxUnpackedBytes) throw tooLarge();
  return lz4.decompress(bytes, bound);
}

export function unpackZstd(bytes: Buffer): Uint8Array {
  return zstdDecompressSync?.(bytes, { maxOutputLength: maxUnpackedBytes }) ?? unpackZstdInScript(bytes);
}

export function unpackZstdInScript(bytes: Buffer): Uint8Array {
  const chunks: Uint8Array[] = [];
  let room = maxUnpackedBytes;
  const stream = new Decompress((chunk) => {
    room -= chunk.length;
    if (room < 0) throw tooLarge();
    chunks.push(chunk);
  });
  stream.push(bytes, true);
  return Buffer.concat(chunks);
}

const tooLarge = (): Error => new Error(`it unpacks to more than ${maxUnpackedBytes} bytes`);

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
