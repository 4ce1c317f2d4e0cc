/** Bytes of the requests topic to requests, in the same three forms as ratings. */
import { RejectedRecordError } from '../../errors.ts';
import type { RequestDecoder } from '../../ports/codec.ts';
import type { PredictionRequest } from '../../ports/events.ts';
import { asBuffer } from './as-buffer.ts';
import { createConfluentDecoders } from './confluent-decoders.ts';
import { mayBeInexact } from './exact-values.ts';
import { checkId } from './rating-id.ts';
import { createRecordDecoder, type RecordDecoder } from './record-decoder.ts';
import { decodeRecord, defaultMaxMessageBytes } from './record-format.ts';
import { loadSchema } from './schemas.ts';
import { showValue } from './show-value.ts';

export interface RequestDecoderOptions {
  /** Longer values are refused unread. 1 MiB when left out. */
  readonly maxMessageBytes?: number;
  readonly schemaById?: (schemaId: number) => object | undefined;
}

/** A request's values as a record or a JSON object has them. */
interface RequestFields {
  readonly requestId: unknown;
  readonly userId: unknown;
  readonly itemIds?: unknown;
  readonly count?: unknown;
}

const maxItems = 1000;
const maxCount = 100;

export function createRequestDecoder(options: RequestDecoderOptions): RequestDecoder {
  const { schemaById = () => undefined, maxMessageBytes = defaultMaxMessageBytes } = options;
  const schema = loadSchema('prediction-request');
  const decoderFor = (writer: object, reader: object | null): RecordDecoder<PredictionRequest> =>
    createRecordDecoder({
      writer,
      reader,
      pick: (record) => record as RequestFields,
      isDoubtful: ({ requestId, userId, itemIds }) =>
        mayBeInexact(requestId) || mayBeInexact(userId) || (Array.isArray(itemIds) && itemIds.some(mayBeInexact)),
      check: requestOf,
    });
  const decoders = {
    json: requestOfJson,
    plain: decoderFor(schema, schema),
    byId: createConfluentDecoders({
      schemaById,
      decoderFor(writer) {
        try {
          return decoderFor(writer, schema);
        } catch {
          // Another record name or other types: taken as it is, field by field.
          return decoderFor(writer, null);
        }
      },
    }),
  };
  return { decodeRequest: (value) => decodeRecord(asBuffer(value), 'auto', maxMessageBytes, decoders) };
}

function requestOfJson(value: unknown): PredictionRequest {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return requestOf(value as RequestFields);
  throw new RejectedRecordError(
    'FRESHET_WRONG_TYPE',
    `the record is ${showValue(value)}: a request is an object with requestId, userId, and itemIds or count; send one object for each request`,
  );
}

function requestOf(fields: RequestFields): PredictionRequest {
  const requestId = checkId(fields.requestId, 'requestId');
  const userId = checkId(fields.userId, 'userId');
  const itemIds = fields.itemIds ?? null;
  const count = fields.count ?? null;
  if ((itemIds === null) === (count === null))
    throw new RejectedRecordError(
      'FRESHET_REQUEST_INVALID',
      `the request ${showValue(requestId)} has ${itemIds === null ? 'neither itemIds nor' : 'both itemIds and'} a count; name the items to predict, or say how many of the best are wanted`,
    );
  return itemIds === null
    ? { requestId, userId, wanted: { kind: 'best', count: checkCount(count) } }
    : { requestId, userId, wanted: { kind: 'items', itemIds: checkItems(itemIds) } };
}

function checkCount(count: unknown): number {
  if (typeof count !== 'number' && typeof count !== 'bigint')
    throw new RejectedRecordError(
      'FRESHET_WRONG_TYPE',
      `count is ${showValue(count)}: it is a whole number; fix the producer`,
    );
  const wanted = Number(count);
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= maxCount) return wanted;
  throw new RejectedRecordError(
    'FRESHET_REQUEST_INVALID',
    `count is ${wanted}, which is no whole number from 1 to ${maxCount}; ask for fewer items`,
  );
}

function checkItems(itemIds: unknown): string[] {
  if (!Array.isArray(itemIds))
    throw new RejectedRecordError(
      'FRESHET_WRONG_TYPE',
      `itemIds is ${showValue(itemIds)}: it is an array of ids; fix the producer`,
    );
  if (itemIds.length >= 1 && itemIds.length <= maxItems) return itemIds.map((id) => checkId(id, 'an item id'));
  throw new RejectedRecordError(
    'FRESHET_REQUEST_INVALID',
    `itemIds has ${itemIds.length} ids; name 1 to ${maxItems} in one request`,
  );
}
