export function changesFrom(from: number, to: number): Map<string, Uint8Array | null>;
