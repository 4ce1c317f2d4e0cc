/** Values of one Avro type to fresh buffers. */
import type avsc from 'avsc';
import { InvariantViolation } from '../../errors.ts';

const firstScratchBytes = 4096;
/** A scratch that one large value grew beyond this is given back. */
const maxKeptScratchBytes = 1024 * 1024;

/**
 * Writes into a scratch that is reused, then copies out: avsc's own toBuffer zeroes each result first, and writes what
 * is over 1 KiB twice. Throws InvariantViolation when the value does not fit the type: we made it, so that is our bug.
 */
export function createEncoder(type: avsc.Type): (value: object) => Buffer {
  let scratch = Buffer.allocUnsafeSlow(firstScratchBytes);

  function write(value: object): number {
    try {
      return type.encode(value, scratch, 0);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new InvariantViolation(`a ${type.name ?? 'value'} cannot be encoded: ${why}; please report it`, {}, cause);
    }
  }

  return (value) => {
    let end = write(value);
    if (end < 0) {
      // avsc answers with the missing bytes, negated.
      scratch = Buffer.allocUnsafeSlow(2 * (scratch.length - end));
      end = write(value);
    }
    const encoded = Buffer.allocUnsafe(end);
    scratch.copy(encoded, 0, 0, end);
    if (scratch.length > maxKeptScratchBytes) scratch = Buffer.allocUnsafeSlow(firstScratchBytes);
    return encoded;
  };
}
