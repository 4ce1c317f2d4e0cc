/** Ratings of a source with the codec that decodes them, whoever wrote their schemas. */
import { createCodec } from '../../adapters/avro/codec.ts';
import type { Scale } from '../../model/scale.ts';
import type { Codec } from '../../ports/codec.ts';
import type { LoggedRatings } from '../../ports/logged-ratings.ts';
import type { SchemaSource } from '../../ports/schema-source.ts';
import type { Values } from '../../setting.ts';
import { decodableCount } from '../../stream/await-schemas.ts';
import { mappingOf, type mappingSettings } from '../mapping-settings.ts';
import type { OpenedSource } from './place.ts';

export interface DecodingSource {
  readonly ratings: LoggedRatings;
  readonly codec: Codec;
}

export function decodingSource(
  { ratings, schemas, schemaById }: OpenedSource,
  mapping: Values<typeof mappingSettings>,
  scale: Scale,
): DecodingSource {
  const codec = createCodec({
    ...mappingOf(mapping),
    ...(schemaById === undefined ? {} : { schemaById }),
    ...{ scale, nowMs: () => Date.now() },
  });
  return { codec, ratings: schemas === undefined ? ratings : withSchemas(ratings, codec, schemas) };
}

/** Before a page is decoded, its writers' schemas are asked for: nothing is left out because a registry is slow. */
const withSchemas = (ratings: LoggedRatings, codec: Codec, schemas: SchemaSource): LoggedRatings => ({
  ...ratings,
  read: (partition, from, to, onPage) =>
    ratings.read(partition, from, to, async (records) => {
      while ((await decodableCount(records, codec, schemas)) < records.length);
      await onPage(records);
    }),
});
