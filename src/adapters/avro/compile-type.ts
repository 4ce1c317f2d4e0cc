/** A schema as an avsc type that is safe to read hostile bytes with. */
import avsc from 'avsc';
import { BoundedArrayType, BoundedMapType } from './bounded-containers.ts';
import { ExactStringType, exactLongType } from './exact-values.ts';

function kindOf(schema: unknown): unknown {
  return typeof schema === 'object' && schema !== null && 'type' in schema ? schema.type : schema;
}

/**
 * `fast` reads longs as numbers and strings leniently (see exact-values.ts); `exact` reads every long as a bigint and
 * invalid UTF-8 as text that is not well-formed. Throws avsc's error when the schema is not Avro.
 */
export function compileType(schema: object, values: 'fast' | 'exact'): avsc.Type {
  const long = values === 'exact' ? exactLongType() : undefined;
  const string = values === 'exact' ? new ExactStringType() : undefined;
  return avsc.Type.forSchema(schema as avsc.Type, {
    typeHook: (part, options) => {
      switch (kindOf(part)) {
        case 'array':
          return new BoundedArrayType(part, options);
        case 'map':
          return new BoundedMapType(part, options);
        case 'long':
          return long;
        case 'string':
          return string;
        default:
          return undefined;
      }
    },
  });
}
