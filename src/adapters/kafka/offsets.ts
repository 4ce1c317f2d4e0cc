/** Offsets are decimal strings in kafkajs and numbers here (docs/decisions/0002-offsets-are-numbers.md). */
import { InvariantViolation } from '../../errors.ts';
import type { Offset } from '../../ports/transport.ts';

/** Throws InvariantViolation for what is no exact number. */
export function offsetOf(text: string): Offset {
  const offset = Number(text);
  if (Number.isSafeInteger(offset)) return offset;
  throw new InvariantViolation(`The broker named the offset "${text}", which is no exact number. Please report it.`);
}
