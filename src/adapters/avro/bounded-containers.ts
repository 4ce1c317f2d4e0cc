/**
 * Arrays and maps whose reading costs at most in proportion to the message.
 *
 * avsc trusts the counts in the bytes: a five-byte message may claim a billion items, and a negative block size may
 * send the reader backwards for ever. Here every item must move forward and stay inside the message, so a false count
 * ends with the bytes. The price: an array of items that take no bytes (null, an empty record) is refused.
 */
import avsc from 'avsc';

/** The part of avsc's reading cursor that is used here. */
export interface Tap {
  readonly buf: Buffer;
  /** Next byte to read; beyond the end once something was read past it. */
  pos: number;
  readLong(): number;
  skipLong(): void;
  /** Undefined past the end. */
  readString(): string | undefined;
  skipString(): void;
}

interface Part {
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
}

function eachItem(tap: Tap, visit: () => void): void {
  for (;;) {
    let count = tap.readLong();
    if (count === 0) return;
    if (count < 0) {
      tap.skipLong();
      count = -count;
    }
    for (; count > 0; count--) {
      const start = tap.pos;
      visit();
      if (!(tap.pos > start && tap.pos <= tap.buf.length)) throw new Error('it claims more items than its bytes hold');
    }
  }
}

// avsc also calls these on its resolvers, which carry `itemsType` and `valuesType` as the types do.
export class BoundedArrayType extends avsc.types.ArrayType {
  _read(this: { readonly itemsType: Part }, tap: Tap): unknown[] {
    const items: unknown[] = [];
    eachItem(tap, () => items.push(this.itemsType._read(tap)));
    return items;
  }

  _skip(this: { readonly itemsType: Part }, tap: Tap): void {
    eachItem(tap, () => this.itemsType._skip(tap));
  }
}

export class BoundedMapType extends avsc.types.MapType {
  _read(this: { readonly valuesType: Part }, tap: Tap): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    eachItem(tap, () => {
      const key = tap.readString() ?? '';
      const value = this.valuesType._read(tap);
      if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true, configurable: true });
      else map[key] = value;
    });
    return map;
  }

  _skip(this: { readonly valuesType: Part }, tap: Tap): void {
    eachItem(tap, () => {
      tap.skipString();
      this.valuesType._skip(tap);
    });
  }
}
