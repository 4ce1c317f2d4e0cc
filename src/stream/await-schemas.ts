/**
 * Before a batch is decoded, its writers' schemas are asked for: decoding is synchronous, and a record is refused for an
 * unknown schema only after the registry has said that it is unknown.
 */
import type { RatingDecoder } from '../ports/codec.ts';
import type { SchemaSource } from '../ports/schema-source.ts';
import type { InputRecord } from '../ports/transport.ts';

/** How many of the records, from the first on, can be decoded now. */
export async function decodableCount(
  records: readonly InputRecord[],
  codec: RatingDecoder,
  schemas: SchemaSource,
): Promise<number> {
  for (const [index, { value }] of records.entries()) {
    const schemaId = value === null ? null : codec.schemaIdOf(value);
    if (schemaId !== null && !schemas.isKnown(schemaId) && !(await schemas.learn(schemaId))) return index;
  }
  return records.length;
}
