/** The three forms that a record of an input topic may have, told apart by the first byte. */
import { isUtf8 } from 'node:buffer';
import { RejectedRecordError } from '../../errors.ts';
import { confluentHeaderBytes } from './confluent-decoders.ts';
import type { RecordDecoder } from './record-decoder.ts';
import { showBytes } from './show-value.ts';

/** `auto` goes by the first byte: 0x00 is Confluent, `{`, `[` or white space is JSON, anything else plain Avro. */
export type RecordFormat = 'auto' | 'json' | 'avro' | 'confluent';

export const defaultMaxMessageBytes = 1024 * 1024;

export interface FormatDecoders<T> {
  readonly json: (value: unknown) => T;
  readonly plain: RecordDecoder<T>;
  readonly byId: (schemaId: number) => RecordDecoder<T>;
}

/** Throws RejectedRecordError only. */
export function decodeRecord<T>(
  bytes: Buffer,
  format: RecordFormat,
  maxMessageBytes: number,
  decoders: FormatDecoders<T>,
): T {
  if (bytes.length > maxMessageBytes)
    throw new RejectedRecordError(
      'FRESHET_MESSAGE_TOO_LARGE',
      `the record has ${bytes.length} bytes, more than the ${maxMessageBytes} that are read; send smaller records or raise the limit`,
    );
  switch (format === 'auto' ? formatOf(bytes) : format) {
    case 'json':
      return decoders.json(parseJson(bytes));
    case 'avro':
      return decoders.plain(bytes, 0);
    case 'confluent':
      return decoders.byId(confluentIdOf(bytes))(bytes, confluentHeaderBytes);
  }
}

function confluentIdOf(bytes: Buffer): number {
  if (bytes.length >= confluentHeaderBytes && bytes[0] === 0) return bytes.readUInt32BE(1);
  throw new RejectedRecordError(
    'FRESHET_UNDECODABLE',
    `${bytes.length} bytes (${showBytes(bytes)}) do not begin with 0x00 and a schema id of four bytes; use a serializer that writes Confluent's header, or set another format`,
  );
}

const jsonStarts = Buffer.from('{[ \t\n\r');

function formatOf(bytes: Uint8Array): Exclude<RecordFormat, 'auto'> {
  const first = bytes[0] ?? 0x80;
  if (first >= 0x80) return 'avro';
  if (first === 0) return 'confluent';
  return jsonStarts.includes(first) ? 'json' : 'avro';
}

function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes))
    throw new RejectedRecordError(
      'FRESHET_UNDECODABLE',
      `${bytes.length} bytes (${showBytes(bytes)}) are not UTF-8, so they are no JSON; fix the producer's encoding`,
    );
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RejectedRecordError(
      'FRESHET_UNDECODABLE',
      `${bytes.length} bytes are no JSON: ${why}; fix the producer`,
      {},
      cause,
    );
  }
}
