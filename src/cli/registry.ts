/** Every command, loaded when it is needed: one line each. */
import type { Command } from './command.ts';

export type Registry = Readonly<Record<string, () => Promise<Command>>>;

export const registry = {
  seed: async () => (await import('./seed.ts')).seed,
  doctor: async () => (await import('./doctor.ts')).doctor,
} satisfies Registry;
