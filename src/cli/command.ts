/** A command is plain data; registry.ts lists them, dispatch.ts runs one, help.ts describes it. */
import type { Writable } from 'node:stream';
import type { Rule } from '../config.ts';
import type { Settings, Values } from '../setting.ts';

/** Exit code 0 or 1; wrong usage (2) is a thrown UsageError. */
export type Outcome = 'fine' | 'failed';

export interface Terminal extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface CommandIo {
  /** Results: what `--json` consumers read. */
  readonly stdout: Terminal;
  /** Progress and remarks. */
  readonly stderr: Terminal;
  /** Aborted by the first SIGINT or SIGTERM: finish what is begun, then return. */
  readonly signal: AbortSignal;
}

/** What every command understands besides its own settings. */
export const commonSettings = {
  json: { type: 'boolean', doc: 'Print one JSON object with stable names instead of text for people.' },
  verbose: { type: 'boolean', doc: 'Print the stack of an error, and what caused it.' },
} as const satisfies Settings;

export interface Example {
  /** Without the leading `freshet`. */
  readonly line: string;
  readonly shows: string;
}

export interface Command<S extends Settings = Settings, P extends Settings = Settings> {
  readonly name: string;
  /** Lower-case, one line, no full stop: it stands beside the name in `freshet --help`. */
  readonly summary: string;
  /** In the order in which they are given; required ones first. */
  readonly positionals: P;
  readonly settings: S;
  readonly rules?: readonly Rule<S & P>[];
  readonly examples: readonly Example[];
  run(values: CommandValues<S, P>, io: CommandIo): Promise<Outcome>;
}

export type CommandValues<S extends Settings, P extends Settings> = Values<S> &
  Values<P> &
  Values<typeof commonSettings>;

/** Keeps the literal types of the settings, so that `run` gets exact values. */
export function defineCommand<const S extends Settings, const P extends Settings>(
  command: Command<S, P>,
): Command<S, P> {
  return command;
}
