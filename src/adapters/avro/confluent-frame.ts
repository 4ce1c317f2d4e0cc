import { confluentHeaderBytes } from './confluent-decoders.ts';

/** Magic byte, schema id, record. */
export function frameConfluent(schemaId: number, record: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(confluentHeaderBytes + record.length);
  framed[0] = 0;
  framed.writeUInt32BE(schemaId, 1);
  framed.set(record, confluentHeaderBytes);
  return framed;
}
