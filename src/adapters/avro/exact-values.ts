/**
 * Longs and strings without loss. avsc's own are faster, and wrong at the edge: longs from 2^52 on are refused or
 * (negative ones) misread, and invalid UTF-8 turns into replacement characters. A record whose ids look like that is
 * read again with these.
 */
import { isUtf8 } from 'node:buffer';
import avsc from 'avsc';
import type { Tap } from './bounded-containers.ts';

/** What invalid UTF-8 is read as. No text holds a lone surrogate, so no check for well-formed text lets it through. */
const notUtf8 = '\uD800';

/** The first magnitude at which avsc's longs can no longer be trusted. */
const firstDoubtfulLong = 2 ** 52;

/** Whether avsc's fast reading may have lost something of an id. */
export function mayBeInexact(id: unknown): boolean {
  if (typeof id === 'string') return id.includes('\uFFFD');
  return typeof id === 'number' && Math.abs(id) >= firstDoubtfulLong;
}

export class ExactStringType extends avsc.types.StringType {
  _read(tap: Tap): string {
    const length = tap.readLong();
    const start = tap.pos;
    const end = start + length;
    if (!(length >= 0 && end <= tap.buf.length)) throw new Error(`a string of ${length} bytes does not fit`);
    tap.pos = end;
    const bytes = tap.buf.subarray(start, end);
    return isUtf8(bytes) ? bytes.toString('utf8') : notUtf8;
  }
}

function decodeVarint(bytes: Uint8Array): bigint {
  let zigzag = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) zigzag = (zigzag << 7n) | BigInt((bytes[i] ?? 0) & 0x7f);
  return zigzag & 1n ? -((zigzag + 1n) >> 1n) : zigzag >> 1n;
}

/** Longs as bigint. Only ever read: nothing is written with it. */
export function exactLongType(): avsc.Type {
  const readOnly = (): never => {
    throw new Error('exact longs are only read');
  };
  return avsc.types.LongType.__with(
    {
      fromBuffer(bytes: Uint8Array): bigint {
        const value = bytes.length <= 10 ? decodeVarint(bytes) : undefined;
        if (value === undefined || BigInt.asIntN(64, value) !== value) throw new Error('a long has more than 64 bits');
        return value;
      },
      toBuffer: readOnly,
      // Called by avsc with numbers: for schema defaults, and for ints that are read as longs.
      fromJSON: (value: number | bigint) => BigInt(value),
      toJSON: (value: bigint) => value,
      isValid: (value: unknown) => typeof value === 'bigint',
      compare: readOnly,
    },
    true,
  );
}
