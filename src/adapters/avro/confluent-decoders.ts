/** One decoder for each Confluent schema id, made when the id is first seen. */
import { LRUCache } from 'lru-cache';
import { RejectedRecordError } from '../../errors.ts';
import type { RecordDecoder } from './record-decoder.ts';

/** Magic byte and four-byte id before the Avro record. */
export const confluentHeaderBytes = 5;

/** A topic has a handful of writers; ids beyond this many are compiled again when they come back. */
const maxDecoders = 256;

export interface ConfluentOptions<T> {
  /** The writer's schema as parsed JSON; undefined while the id is unknown. */
  readonly schemaById: (schemaId: number) => object | undefined;
  /** Throws when the schema cannot be used. */
  readonly decoderFor: (writer: object) => RecordDecoder<T>;
}

/** Throws RejectedRecordError when the id is unknown (asked again next time) or its schema unusable (remembered). */
export function createConfluentDecoders<T>(options: ConfluentOptions<T>): (schemaId: number) => RecordDecoder<T> {
  const decoders = new LRUCache<number, RecordDecoder<T>>({ max: maxDecoders });

  function schemaOf(schemaId: number): object {
    let cause: unknown;
    try {
      const schema = options.schemaById(schemaId);
      if (schema !== undefined) return schema;
    } catch (error) {
      cause = error;
    }
    throw new RejectedRecordError(
      'FRESHET_UNKNOWN_SCHEMA',
      `the record states schema id ${schemaId}, which is not known here; register the schema, or check that Freshet asks the registry that the producer uses`,
      { schemaId },
      cause,
    );
  }

  function compile(schemaId: number): RecordDecoder<T> {
    const schema = schemaOf(schemaId);
    try {
      return options.decoderFor(schema);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      return () => {
        throw new RejectedRecordError(
          'FRESHET_UNKNOWN_SCHEMA',
          `schema id ${schemaId} cannot be used: ${why}; register an Avro record schema under it`,
          { schemaId },
          cause,
        );
      };
    }
  }

  return (schemaId) => {
    let decoder = decoders.get(schemaId);
    if (decoder === undefined) {
      decoder = compile(schemaId);
      decoders.set(schemaId, decoder);
    }
    return decoder;
  };
}
