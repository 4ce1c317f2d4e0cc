/** Bytes that Freshet itself wrote, back to values of one Avro type. */
import type avsc from 'avsc';
import { CorruptStateError } from '../../errors.ts';
import { asBuffer } from './as-buffer.ts';
import { showBytes } from './show-value.ts';

/**
 * The caller names the type's TypeScript shape; throws CorruptStateError when the bytes are not exactly one value.
 * `formers`: the type before its latest fields. What they wrote ends early, and is read with the defaults.
 */
export function createDecoder(type: avsc.Type, ...formers: readonly avsc.Type[]): (bytes: Uint8Array) => unknown {
  const resolvers = formers.map((former) => type.createResolver(former));
  return (bytes) => {
    const buffer = asBuffer(bytes);
    let cause: unknown;
    try {
      const decoded: { value: unknown; offset: number } = type.decode(buffer, 0);
      if (decoded.offset === buffer.length) return decoded.value;
      const writer = formers.findIndex((former) => former.decode(buffer, 0).offset === buffer.length);
      if (writer >= 0) return type.fromBuffer(buffer, resolvers[writer]) as unknown;
    } catch (error) {
      cause = error;
    }
    throw new CorruptStateError(
      `${bytes.length} bytes (${showBytes(bytes)}) are no ${type.name ?? 'value'}; they are damaged or were written by a newer version: restore a backup, or run the version that wrote them`,
      {},
      cause,
    );
  };
}
