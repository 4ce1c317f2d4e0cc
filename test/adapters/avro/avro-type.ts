import avsc from 'avsc';

function bigintLong(): avsc.Type {
  return avsc.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
    toBuffer: (value: bigint) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(value);
      return bytes;
    },
    fromJSON: BigInt,
    toJSON: Number,
    isValid: (value: unknown) => typeof value === 'bigint',
    compare: () => 0,
  });
}

/** An avsc type as any other program would make it; with `bigints`, longs are read and written as bigint. */
export function avroType(schema: object, bigints = false): avsc.Type {
  return avsc.Type.forSchema(schema as Exclude<Parameters<typeof avsc.Type.forSchema>[0], string | avsc.Type>, {
    registry: bigints ? { long: bigintLong() } : {},
  });
}
