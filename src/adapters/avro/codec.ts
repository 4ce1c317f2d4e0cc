/** The codec over Avro and JSON (docs/schemas.md). */
import { UsageError } from '../../errors.ts';
import type { Codec } from '../../ports/codec.ts';
import { compileType } from './compile-type.ts';
import { createEventCodec } from './event-codec.ts';
import { createRatingDecoder, type RatingDecoderOptions } from './rating-decoder.ts';
import { createRequestDecoder } from './request-decoder.ts';
import { createStateCodec } from './state-codec.ts';

export type CodecOptions = RatingDecoderOptions;

/** Throws UsageError with every problem of the options at once. */
export function createCodec(options: CodecOptions): Codec {
  const problems = problemsOf(options);
  if (problems.length > 0) throw new UsageError(problems);
  return {
    ...createRatingDecoder(options),
    ...createRequestDecoder(options),
    ...createEventCodec(),
    ...createStateCodec(),
  };
}

function problemsOf({ scale, maxMessageBytes, mapping, writerSchema }: CodecOptions): string[] {
  const problems: string[] = [];
  if (!(Number.isFinite(scale.lo) && Number.isFinite(scale.hi) && scale.lo <= scale.hi))
    problems.push(`the scale ${scale.lo}..${scale.hi} is empty or not finite; give the lowest and the highest rating`);
  if (maxMessageBytes !== undefined && !(Number.isInteger(maxMessageBytes) && maxMessageBytes > 0))
    problems.push(`the largest message is ${maxMessageBytes} bytes; give a whole number above 0`);
  for (const [field, path] of Object.entries(mapping ?? {}))
    if (field !== 'ratedAtUnit' && String(path).split('.').includes(''))
      problems.push(`${field} is mapped to "${path}", which has an empty name; give a path such as customer.id`);
  if (writerSchema !== undefined) {
    try {
      compileType(writerSchema, 'fast');
    } catch (error) {
      problems.push(
        `the writer's schema is no Avro schema: ${error instanceof Error ? error.message : String(error)}; give the .avsc of the producer`,
      );
    }
  }
  return problems;
}
