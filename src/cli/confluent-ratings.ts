/** Ratings as a registry's clients write them: behind a magic byte and the id of the schema. Without a registry, plain Avro. */
import { frameConfluent } from '../adapters/avro/confluent-frame.ts';
import { loadSchema } from '../adapters/avro/schemas.ts';
import { createRegistryClient } from '../adapters/registry/registry-client.ts';
import { subjectOf } from '../adapters/registry/subject.ts';
import type { EventCodec } from '../ports/codec.ts';
import type { Values } from '../setting.ts';
import { registryOptionsOf, type registrySettings } from './registry-settings.ts';

/** The codec with framed ratings when a registry is named; the schema is registered there when it is not yet. */
export async function withFramedRatings<C extends Pick<EventCodec, 'encodeRating'>>(
  codec: C,
  values: Values<typeof registrySettings>,
  topic: string,
): Promise<C> {
  const options = registryOptionsOf(values);
  if (options === undefined) return codec;
  const client = createRegistryClient(options);
  const schema = loadSchema('rating-event') as { readonly namespace: string; readonly name: string };
  const subject = subjectOf(values.subjectStrategy, topic, `${schema.namespace}.${schema.name}`);
  const known = await client.idOf(subject, schema);
  const schemaId = known.kind === 'found' ? known.value : await client.register(subject, schema);
  return { ...codec, encodeRating: (rating) => frameConfluent(schemaId, codec.encodeRating(rating)) };
}
