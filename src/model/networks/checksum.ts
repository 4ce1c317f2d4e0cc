import type { Steps } from '../steps.ts';

const stepBytes = 1 << 17;

/**
 * 64 bits over bytes, as 16 hex digits: two FNV-1a chains over the 32-bit words with different multipliers. Each step is a
 * bijection of its chain, so a change within one word is always seen; this is about damage, not about malice.
 */
export function* checksumSteps(parts: readonly Uint8Array[]): Steps<string> {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (const bytes of parts) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const whole = bytes.byteLength & ~3;
    a ^= bytes.byteLength;
    b ^= bytes.byteLength;
    for (let at = 0; at < whole; at += 4) {
      if (at % stepBytes === 0) yield;
      const word = view.getInt32(at, true);
      a = Math.imul(a ^ word, 0x01000193);
      a ^= a >>> 15;
      b = Math.imul(b ^ word, 0x85ebca6b);
      b ^= b >>> 13;
    }
    for (let at = whole; at < bytes.byteLength; at++) {
      a = Math.imul(a ^ bytes[at]!, 0x01000193);
      b = Math.imul(b ^ bytes[at]!, 0x85ebca6b);
    }
  }
  return hex(a) + hex(b);
}

const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
