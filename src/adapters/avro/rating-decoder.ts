/** Bytes of the ratings topic to ratings: Confluent-framed Avro, plain Avro and JSON, told apart by the first byte. */
import { isUtf8 } from 'node:buffer';
import { RejectedRecordError } from '../../errors.ts';
import type { RatingDecoder } from '../../ports/codec.ts';
import type { Rating } from '../../ports/events.ts';
import { asBuffer } from './as-buffer.ts';
import { compileType } from './compile-type.ts';
import { confluentHeaderBytes, createConfluentDecoders } from './confluent-decoders.ts';
import { createFieldPicker, ownFields, type FieldMapping, type RatingFields } from './field-mapping.ts';
import { createRatingCheck, type Scale } from './rating-check.ts';
import { checkId } from './rating-id.ts';
import { createRecordDecoder, type RecordDecoder } from './record-decoder.ts';
import { loadSchema, ratingEventName } from './schemas.ts';
import { showBytes, showValue } from './show-value.ts';

/** `auto` goes by the first byte: 0x00 is Confluent, `{`, `[` or white space is JSON, anything else plain Avro. */
export type RatingFormat = 'auto' | 'json' | 'avro' | 'confluent';

export interface RatingDecoderOptions {
  readonly scale: Scale;
  /** Milliseconds since 1970, now. */
  readonly nowMs: () => number;
  /** Longer values are refused unread. 1 MiB when left out. */
  readonly maxMessageBytes?: number;
  /** `auto` when left out, `avro` when there is a writerSchema. */
  readonly format?: RatingFormat;
  /** Where JSON and foreign Avro keep a rating's values. Never applied to Freshet's own rating event. */
  readonly mapping?: FieldMapping;
  /** What plain Avro is written with, as parsed JSON; Freshet's rating event when left out. */
  readonly writerSchema?: object;
  /** The schema that a Confluent id stands for, as parsed JSON; undefined while it is unknown. */
  readonly schemaById?: (schemaId: number) => object | undefined;
  /** The Confluent id under which Freshet's own rating event is registered. */
  readonly ratingSchemaId?: number;
}

const defaultMaxMessageBytes = 1024 * 1024;

const ownRecord = (record: unknown): RatingFields => record as RatingFields;

/** Throws avsc's error when the writerSchema is not Avro. */
export function createRatingDecoder(options: RatingDecoderOptions): RatingDecoder {
  const { mapping, writerSchema, ratingSchemaId } = options;
  const maxMessageBytes = options.maxMessageBytes ?? defaultMaxMessageBytes;
  const format = options.format ?? (writerSchema === undefined ? 'auto' : 'avro');
  const ownSchema = loadSchema('rating-event');
  const checkOwn = createRatingCheck(options.scale, options.nowMs, ownFields);
  const checkMapped = mapping ? createRatingCheck(options.scale, options.nowMs, mapping) : checkOwn;
  const pickMapped = createFieldPicker(mapping ?? ownFields);
  const pickJson = mapping ? pickMapped : ownRecord;

  function decoderFor(writer: object): RecordDecoder {
    const isOwn = compileType(writer, 'fast').name === ratingEventName;
    const own = { writer, reader: ownSchema, pick: ownRecord, check: checkOwn };
    const foreign = { writer, reader: null, pick: pickMapped, check: checkMapped };
    if (isOwn) return createRecordDecoder(own);
    if (mapping) return createRecordDecoder(foreign);
    try {
      return createRecordDecoder(own);
    } catch {
      // Another record name or other types: taken as it is, field by field.
      return createRecordDecoder(foreign);
    }
  }

  const decodeOwn = createRecordDecoder({ writer: ownSchema, reader: ownSchema, pick: ownRecord, check: checkOwn });
  const decodePlain = writerSchema === undefined ? decodeOwn : decoderFor(writerSchema);
  const decoderById = createConfluentDecoders({
    schemaById: (id) => (id === ratingSchemaId ? ownSchema : options.schemaById?.(id)),
    decoderFor,
  });

  function toRating(value: unknown): Rating {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return checkMapped(pickJson(value));
    throw new RejectedRecordError(
      'FRESHET_WRONG_TYPE',
      `the record is ${showValue(value)}: a rating is an object with ${ownFields.userId}, ${ownFields.itemId}, ${ownFields.rating} and ${ownFields.ratedAt}, or with the mapped fields; send one object for each rating`,
    );
  }

  function decodeConfluent(bytes: Buffer): Rating {
    if (bytes.length >= confluentHeaderBytes && bytes[0] === 0)
      return decoderById(bytes.readUInt32BE(1))(bytes, confluentHeaderBytes);
    throw new RejectedRecordError(
      'FRESHET_UNDECODABLE',
      `${bytes.length} bytes (${showBytes(bytes)}) do not begin with 0x00 and a schema id of four bytes; use a serializer that writes Confluent's header, or set another format`,
    );
  }

  return {
    toRating,
    decodeRating(value) {
      if (value.length > maxMessageBytes)
        throw new RejectedRecordError(
          'FRESHET_MESSAGE_TOO_LARGE',
          `the record has ${value.length} bytes, more than the ${maxMessageBytes} that are read; send smaller records or raise the limit`,
        );
      const bytes = asBuffer(value);
      switch (format === 'auto' ? formatOf(bytes) : format) {
        case 'json':
          return toRating(parseJson(bytes));
        case 'avro':
          return decodePlain(bytes, 0);
        case 'confluent':
          return decodeConfluent(bytes);
      }
    },
    decodeUserKey(key) {
      if (isUtf8(key)) return checkId(asBuffer(key).toString('utf8'), 'the key');
      throw new RejectedRecordError(
        'FRESHET_ID_INVALID',
        `the key (${showBytes(key)}) is not UTF-8, so it names no user; write the user id as a UTF-8 string`,
      );
    },
    schemaIdOf(value) {
      const mayBeFramed = format === 'auto' || format === 'confluent';
      if (!mayBeFramed || value.length < confluentHeaderBytes || value[0] !== 0) return null;
      return asBuffer(value).readUInt32BE(1);
    },
  };
}

const jsonStarts = Buffer.from('{[ \t\n\r');

function formatOf(bytes: Uint8Array): Exclude<RatingFormat, 'auto'> {
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
