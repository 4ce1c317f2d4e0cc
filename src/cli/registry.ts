/** Every command, loaded when it is needed: one line each. */
import type { Command } from './command.ts';

export type Registry = Readonly<Record<string, () => Promise<Command>>>;

export const registry = {
  demo: async () => (await import('./demo.ts')).demo,
  evaluate: async () => (await import('./evaluate.ts')).evaluate,
  run: async () => (await import('./run.ts')).run,
  replay: async () => (await import('./replay.ts')).replay,
  inspect: async () => (await import('./inspect.ts')).inspect,
  forget: async () => (await import('./forget.ts')).forget,
  'dead-letters': async () => (await import('./dead-letters.ts')).deadLetters,
  models: async () => (await import('./models.ts')).models,
  schemas: async () => (await import('./schemas.ts')).schemas,
  topics: async () => (await import('./topics.ts')).topics,
  seed: async () => (await import('./seed.ts')).seed,
  doctor: async () => (await import('./doctor.ts')).doctor,
} satisfies Registry;
