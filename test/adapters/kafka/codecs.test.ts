import { gzipSync } from 'node:zlib';
import kafkajs from 'kafkajs';
import { expect, test } from 'vitest';
import {
  maxUnpackedBytes,
  registerCodecs,
  unpackLz4,
  unpackSnappy,
  unpackZstd,
  unpackZstdInScript,
} from '../../../src/adapters/kafka/codecs.ts';
import type { CompressionCodec } from '../../../src/adapters/kafka/kafkajs-internals.ts';

const text = 'the same again and again, '.repeat(50);
const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');

/** The text as the programs `zstd` and `lz4` compress it, and as a bare and as two framed snappy blocks. */
const zstd = bytesOf('KLUv/WQUBPUAAKB0aGUgc2FtZSBhZ2FpbiBhbmQsIAIA9/T8WLESBi0pfsU=');
const zstdWithoutSize = bytesOf('KLUv/QRY9QAAoHRoZSBzYW1lIGFnYWluIGFuZCwgAgD39PxYsRIGLSl+xQ==');
const lz4 = bytesOf('BCJNGGRApyYAAADyA3RoZSBzYW1lIGFnYWluIGFuZAoALywgGgD/////5lBhaW4sIAAAAACmYZWI');

/** A snappy block that is one literal. */
function literal(part: string): Buffer {
  const bytes = Buffer.from(part);
  return Buffer.concat([varint(bytes.length), Buffer.from([61 << 2]), le16(bytes.length - 1), bytes]);
}
const varint = (value: number): Buffer =>
  value < 128 ? Buffer.from([value]) : Buffer.from([(value & 127) | 128, value >> 7]);
const le16 = (value: number): Buffer => Buffer.from([value & 255, value >> 8]);

function javaFrame(...blocks: Buffer[]): Buffer {
  const lengths = blocks.map(({ length }) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(length);
    return bytes;
  });
  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  return Buffer.concat([header, ...blocks.flatMap((block, index) => [lengths[index]!, block])]);
}

test('unpacks zstd with and without its size in the frame, in Node and in script', () => {
  for (const unpack of [unpackZstd, unpackZstdInScript]) {
    expect(Buffer.from(unpack(zstd)).toString()).toBe(text);
    expect(Buffer.from(unpack(zstdWithoutSize)).toString()).toBe(text);
  }
});

test('unpacks an lz4 frame', () => {
  expect(Buffer.from(unpackLz4(lz4)).toString()).toBe(text);
});

test('unpacks a bare snappy block, and the blocks of a Java client', () => {
  expect(unpackSnappy(literal(text)).toString()).toBe(text);
  expect(unpackSnappy(javaFrame(literal('one '.repeat(99)), literal('two'.repeat(99)))).toString()).toBe(
    'one '.repeat(99) + 'two'.repeat(99),
  );
  expect(unpackSnappy(javaFrame())).toHaveLength(0);
});

test('refuses what claims to be gigabytes before it takes the memory', () => {
  const gigabyte = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x04, 0]);
  expect(() => unpackSnappy(gigabyte)).toThrow(String(maxUnpackedBytes));
  const blocks = Array.from({ length: 40 }, () => Buffer.from([1, 0, 0, 0, 0])); // each up to 4 MiB
  const frame = Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73]), ...blocks, Buffer.alloc(4)]);
  expect(() => unpackLz4(frame)).toThrow(String(maxUnpackedBytes));
  const runOf128KiB = Buffer.from([0x02, 0x00, 0x10, 0x41]); // a run-length block of 131,072 bytes
  const frames = Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]),
    ...Array.from({ length: 1200 }, () => runOf128KiB),
    Buffer.from([0x03, 0x00, 0x00, 0x41]),
  ]);
  for (const unpack of [unpackZstd, unpackZstdInScript]) expect(() => unpack(frames)).toThrow();
});

test('names the codec and the size of a batch that it cannot unpack', async () => {
  registerCodecs();
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  for (const [type, name] of [
    [CompressionTypes.Snappy, 'snappy'],
    [CompressionTypes.LZ4, 'lz4'],
    [CompressionTypes.ZSTD, 'zstd'],
  ] as const) {
    const codec = (CompressionCodecs[type] as () => CompressionCodec)();
    await expect(codec.decompress(gzipSync('something else'))).rejects.toMatchObject({
      code: 'FRESHET_CORRUPT_STATE',
      message: expect.stringContaining(`A ${name} batch of `) as string,
    });
    await expect(codec.compress({ buffer: Buffer.from('x') })).rejects.toThrow('only read');
  }
});
