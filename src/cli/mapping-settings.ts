/** How a user's own records become ratings without code. */
import { readFileSync } from 'node:fs';
import type { CodecOptions } from '../adapters/avro/codec.ts';
import { UsageError } from '../errors.ts';
import type { Settings, Values } from '../setting.ts';

const fields = ['userId', 'itemId', 'rating', 'ratedAt', 'eventId', 'weight'] as const;
const units = ['milliseconds', 'seconds'] as const;

export const mappingSettings = {
  map: {
    type: 'map',
    keys: fields,
    doc: 'Where your own records keep what a rating needs, as dotted paths (userId=customer.id); what is left out has its usual name.',
  },
  ratedAtUnit: {
    type: 'choice',
    choices: units,
    default: 'milliseconds',
    doc: 'Unit of a mapped rating time that is a number.',
  },
  schemas: {
    type: 'text',
    unit: 'folder',
    doc: 'Folder of Avro schemas named ID.avsc, for records that begin with a Confluent schema id.',
  },
} as const satisfies Settings;

export function mappingOf(values: Values<typeof mappingSettings>): Partial<CodecOptions> {
  const { map, schemas } = values;
  const usual = {
    userId: 'userId',
    itemId: 'itemId',
    rating: 'rating',
    ratedAt: 'ratedAt',
    eventId: 'eventId',
    weight: 'weight',
  };
  return {
    ...(map === undefined ? {} : { mapping: { ...usual, ...map, ratedAtUnit: values.ratedAtUnit } }),
    ...(schemas === undefined ? {} : { schemaById: (id: number) => schemaFrom(schemas, id) }),
  };
}

/** Undefined when the folder has no such schema; a schema that cannot be read is a mistake to be mended. */
function schemaFrom(folder: string, id: number): object | undefined {
  const path = `${folder}/${id}.avsc`;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as object;
  } catch (error) {
    throw new UsageError([`${path} is no JSON: ${(error as Error).message}. Put the Avro schema with id ${id} there`]);
  }
}
