/** Rows and history blocks: what the changelogs hold. */
import { endianness } from 'node:os';
import { CorruptStateError } from '../../errors.ts';
import type { HistoryEntry, RowImage, StateCodec } from '../../ports/codec.ts';
import { compileType } from './compile-type.ts';
import { createDecoder } from './decoder.ts';
import { createEncoder } from './encoder.ts';
import { loadSchema, type SchemaName } from './schemas.ts';

const floatBytes = Float32Array.BYTES_PER_ELEMENT;
const hostIsBigEndian = endianness() === 'BE';

interface RowRecord {
  readonly layout: number;
  readonly values: Buffer;
}

interface RowCodec {
  readonly encode: (row: RowImage) => Buffer;
  readonly decode: (bytes: Uint8Array) => RowImage;
}

function createRowCodec(schema: SchemaName): RowCodec {
  const type = compileType(loadSchema(schema), 'fast');
  const write = createEncoder(type);
  const read = createDecoder(type);
  return {
    encode({ layout, values }) {
      const view = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      return write({ layout, values: hostIsBigEndian ? Buffer.from(view).swap32() : view } satisfies RowRecord);
    },
    decode(bytes) {
      const record = read(bytes) as RowRecord;
      if (record.values.length % floatBytes !== 0)
        throw new CorruptStateError(
          `a row of layout ${record.layout} has ${record.values.length} bytes, which are no whole float32 numbers; it is damaged: restore a backup`,
        );
      const values = new Float32Array(record.values.length / floatBytes);
      const view = Buffer.from(values.buffer);
      view.set(record.values);
      if (hostIsBigEndian) view.swap32();
      return { layout: record.layout, values };
    },
  };
}

export function createStateCodec(): StateCodec {
  const userRow = createRowCodec('user-row');
  const contribution = createRowCodec('item-contribution');
  const blockType = compileType(loadSchema('user-history-block'), 'fast');
  const writeBlock = createEncoder(blockType);
  const readBlock = createDecoder(blockType);
  return {
    encodeUserRow: userRow.encode,
    decodeUserRow: userRow.decode,
    encodeItemContribution: contribution.encode,
    decodeItemContribution: contribution.decode,
    encodeHistoryBlock: (slots) => writeBlock({ slots }),
    decodeHistoryBlock: (bytes) => (readBlock(bytes) as { slots: (HistoryEntry | null)[] }).slots,
  };
}
