/** One run of the program as a function: words and surroundings in, exit code out. main.ts supplies the real ones. */
import type { Environment } from '../config.ts';
import { FreshetError, UsageError } from '../errors.ts';
import { parseCommandLine } from './command-line.ts';
import type { Command, CommandIo } from './command.ts';
import { commandHelp, overview } from './help.ts';
import { nearest } from './nearest.ts';
import type { Registry } from './registry.ts';

export const exitCodes = { fine: 0, failed: 1, wrongUsage: 2 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export interface Surroundings {
  readonly registry: Registry;
  readonly environment: Environment;
  readonly version: string;
  readonly io: CommandIo;
}

export async function dispatch(
  words: readonly string[],
  { registry, environment, version, io }: Surroundings,
): Promise<ExitCode> {
  const [name, ...rest] = words;
  const flagsEnd = rest.indexOf('--');
  const flags = flagsEnd < 0 ? rest : rest.slice(0, flagsEnd);
  let command: Command | undefined;
  let verbose = flags.includes('--verbose');
  try {
    if (name === undefined) {
      io.stderr.write(overview(await loadAll(registry)));
      return exitCodes.wrongUsage;
    }
    if (name === '--help' || name === '-h') {
      io.stdout.write(overview(await loadAll(registry)));
      return exitCodes.fine;
    }
    if (name === '--version') {
      io.stdout.write(`${version}\n`);
      return exitCodes.fine;
    }
    command = await load(registry, name);
    if (flags.includes('--help') || flags.includes('-h')) {
      io.stdout.write(commandHelp(command));
      return exitCodes.fine;
    }
    const values = parseCommandLine(command, rest, environment);
    verbose = values.verbose;
    return exitCodes[await command.run(values, io)];
  } catch (error) {
    io.stderr.write(`${describeFailure(error, verbose, io.signal, command)}\n`);
    return error instanceof UsageError ? exitCodes.wrongUsage : exitCodes.failed;
  }
}

async function load(registry: Registry, name: string) {
  const loader = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (loader !== undefined) return loader();
  const close = nearest(name, Object.keys(registry));
  const advice = close === undefined ? 'freshet --help lists them' : `did you mean ${close}?`;
  throw new UsageError([`${JSON.stringify(name)} is not a command; ${advice}`]);
}

const loadAll = (registry: Registry) => Promise.all(Object.values(registry).map((loader) => loader()));

/** Our own errors say what to do and need no stack; anything else is a bug, and its stack is what helps. */
function describeFailure(error: unknown, verbose: boolean, signal: AbortSignal, command: Command | undefined): string {
  if (signal.aborted && isAbort(error, signal))
    return `freshet: stopped before it was done (${(signal.reason as Error).message})`;
  if (error instanceof UsageError) {
    const help = command === undefined ? '' : `\nfreshet ${command.name} --help says what it takes.`;
    return `freshet: ${error.message}${help}`;
  }
  if (error instanceof FreshetError) {
    return verbose ? `freshet: [${error.code}] ${withCauses(error)}` : `freshet: ${error.message}`;
  }
  return `freshet: unexpected failure. This is a bug: please report it with the lines below.\n${withCauses(error)}`;
}

const isAbort = (error: unknown, signal: AbortSignal): boolean =>
  error === signal.reason || (error instanceof Error && error.name === 'AbortError');

function withCauses(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? error.message;
  return error.cause === undefined ? stack : `${stack}\ncaused by ${withCauses(error.cause)}`;
}
