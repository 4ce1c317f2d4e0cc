/** Bytes of the ratings topic to ratings: Confluent-framed Avro, plain Avro and JSON, told apart by the first byte. */
import { isUtf8 } from 'node:buffer';
import { RejectedRecordError } from '../../errors.ts';
import type { RatingDecoder } from '../../ports/codec.ts';
import type { Rating } from '../../ports/events.ts';
import { asBuffer } from './as-buffer.ts';
import { compileType } from './compile-type.ts';
import { confluentHeaderBytes, createConfluentDecoders } from './confluent-decoders.ts';
import { mayBeInexact } from './exact-values.ts';
import { createFieldPicker, ownFields, type FieldMapping, type RatingFields } from './field-mapping.ts';
import { createRatingCheck, type Scale } from './rating-check.ts';
import { checkId } from './rating-id.ts';
import { createRecordDecoder, type RecordDecoder } from './record-decoder.ts';
import { decodeRecord, defaultMaxMessageBytes, type RecordFormat } from './record-format.ts';
import { loadSchema, ratingEventName } from './schemas.ts';
import { showBytes, showValue } from './show-value.ts';

export interface RatingDecoderOptions {
  readonly scale: Scale;
  /** Milliseconds since 1970, now. */
  readonly nowMs: () => number;
  /** Longer values are refused unread. 1 MiB when left out. */
  readonly maxMessageBytes?: number;
  /** `auto` when left out, `avro` when there is a writerSchema. */
  readonly format?: RecordFormat;
  /** Where JSON and foreign Avro keep a rating's values. Never applied to Freshet's own rating event. */
  readonly mapping?: FieldMapping;
  /** What plain Avro is written with, as parsed JSON; Freshet's rating event when left out. */
  readonly writerSchema?: object;
  /** The schema that a Confluent id stands for, as parsed JSON; undefined while it is unknown. */
  readonly schemaById?: (schemaId: number) => object | undefined;
  /** The Confluent id under which Freshet's own rating event is registered. */
  readonly ratingSchemaId?: number;
}

const ownRecord = (record: unknown): RatingFields => record as RatingFields;
const isDoubtful = ({ userId, itemId, eventId }: RatingFields): boolean =>
  mayBeInexact(userId) || mayBeInexact(itemId) || mayBeInexact(eventId);

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

  function decoderFor(writer: object): RecordDecoder<Rating> {
    const isOwn = compileType(writer, 'fast').name === ratingEventName;
    const own = { writer, reader: ownSchema, pick: ownRecord, isDoubtful, check: checkOwn };
    const foreign = { writer, reader: null, pick: pickMapped, isDoubtful, check: checkMapped };
    if (isOwn) return createRecordDecoder(own);
    if (mapping) return createRecordDecoder(foreign);
    try {
      return createRecordDecoder(own);
    } catch {
      // Another record name or other types: taken as it is, field by field.
      return createRecordDecoder(foreign);
    }
  }

  const decodeOwn = createRecordDecoder({
    writer: ownSchema,
    reader: ownSchema,
    pick: ownRecord,
    isDoubtful,
    check: checkOwn,
  });
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

  const decoders = { json: toRating, plain: decodePlain, byId: decoderById };

  return {
    toRating,
    decodeRating: (value) => decodeRecord(asBuffer(value), format, maxMessageBytes, decoders),
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
