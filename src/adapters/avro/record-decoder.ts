/** Avro bytes of one writer's schema to a checked value. */
import type avsc from 'avsc';
import { RejectedRecordError } from '../../errors.ts';
import { compileType } from './compile-type.ts';
import { showBytes } from './show-value.ts';

/** Decodes the record that starts at `start` and must end with the bytes. Throws RejectedRecordError only. */
export type RecordDecoder<T> = (bytes: Buffer, start: number) => T;

export interface RecordDecoderOptions<F, T> {
  /** What the bytes were written with. */
  readonly writer: object;
  /** What they are read as, with its defaults for what the writer lacks; null when the two cannot be reconciled. */
  readonly reader: object | null;
  readonly pick: (record: unknown) => F;
  /** Whether the fast reading may have lost something of these: then they are read again, exactly. */
  readonly isDoubtful: (fields: F) => boolean;
  readonly check: (fields: F) => T;
}

interface Reading {
  readonly type: avsc.Type;
  readonly resolver: ReturnType<avsc.Type['createResolver']> | undefined;
}

function prepare(
  options: Pick<RecordDecoderOptions<never, never>, 'writer' | 'reader'>,
  values: 'fast' | 'exact',
): Reading {
  const writer = compileType(options.writer, values);
  if (options.reader === null || options.reader === options.writer) return { type: writer, resolver: undefined };
  const reader = compileType(options.reader, values);
  return { type: reader, resolver: reader.createResolver(writer) };
}

function read(reading: Reading, bytes: Buffer, start: number): unknown {
  const decoded: { value: unknown; offset: number } = reading.type.decode(bytes, start, reading.resolver);
  if (decoded.offset === bytes.length) return decoded.value;
  throw new Error(
    decoded.offset < 0 ? 'the record ends early' : `${bytes.length - decoded.offset} bytes follow after the record`,
  );
}

/** Throws avsc's error when the writer's schema is not Avro or cannot be resolved to the reader's. */
export function createRecordDecoder<F, T>(options: RecordDecoderOptions<F, T>): RecordDecoder<T> {
  const { pick, isDoubtful, check } = options;
  const fast = prepare(options, 'fast');
  let exact: Reading | undefined;

  function pickFast(bytes: Buffer, start: number): F | undefined {
    try {
      const fields = pick(read(fast, bytes, start));
      return isDoubtful(fields) ? undefined : fields;
    } catch {
      return undefined;
    }
  }

  function pickExact(bytes: Buffer, start: number): F {
    try {
      return pick(read((exact ??= prepare(options, 'exact')), bytes, start));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new RejectedRecordError(
        'FRESHET_UNDECODABLE',
        `${bytes.length - start} bytes (${showBytes(bytes.subarray(start))}) are no Avro of the writer's schema: ${why}; check that the producer writes the schema it states`,
        {},
        error,
      );
    }
  }

  return (bytes, start) => check(pickFast(bytes, start) ?? pickExact(bytes, start));
}
