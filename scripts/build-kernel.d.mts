export const target: URL;
export function digestOfSources(): string;
export function compileKernel(): Promise<Uint8Array>;
export function moduleSource(binary: Uint8Array, digest: string): string;
