/** A column of numbers that grows: doubling costs less, and holds less, than an array of boxed numbers. */
export interface Growing {
  push(value: number): void;
  readonly length: number;
  /** A copy of what is there. */
  values(): Float64Array;
}

export function growing(): Growing {
  let room = new Float64Array(1024);
  let length = 0;
  return {
    push(value) {
      if (length === room.length) {
        const larger = new Float64Array(length * 2);
        larger.set(room);
        room = larger;
      }
      room[length] = value;
      length += 1;
    },
    get length() {
      return length;
    },
    values: () => room.slice(0, length),
  };
}
