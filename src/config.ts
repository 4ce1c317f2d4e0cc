/**
 * Flags > environment > config file > defaults, joined to one frozen, validated value. The only reader of process.env.
 * Every problem of every source is found before anything is reported.
 */
import { readFileSync } from 'node:fs';
import { UsageError } from './errors.ts';
import { parseSetting } from './parse-setting.ts';
import { environmentNameOf, flagOf, printValue, type Settings, type Values } from './setting.ts';

/** A demand on several settings together. It is looked at when each of them, alone, is fine. */
export interface Rule<S extends Settings> {
  readonly needs: readonly (keyof S & string)[];
  /** The problem in a sentence that says what to do, or undefined when all is well. */
  problem(values: Values<S>): string | undefined;
}

/** What was written for a setting, and where, in the words of whoever wrote it. */
export interface Written {
  readonly text: unknown;
  readonly where: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Sources {
  /** By setting key. */
  readonly flags: ReadonlyMap<string, Written>;
  /** A file of one JSON object with setting keys. */
  readonly file: string | undefined;
  readonly environment: Environment;
}

export const processEnvironment = (): Environment => process.env;

export interface Resolved {
  /** By key; complete only when there are no problems. */
  readonly values: Record<string, unknown>;
  /** Keys whose value is missing or wrong: rules about them are not looked at. */
  readonly failed: Set<string>;
  readonly problems: string[];
}

export function resolveSettings(settings: Settings, sources: Sources): Resolved {
  const problems: string[] = [];
  const file =
    sources.file === undefined ? new Map<string, Written>() : readConfigFile(sources.file, settings, problems);
  const values: Record<string, unknown> = {};
  const failed = new Set<string>();

  for (const [key, setting] of Object.entries(settings)) {
    const written = sources.flags.get(key) ?? fromEnvironment(key, sources.environment) ?? file.get(key);
    if (written === undefined) {
      values[key] = setting.default ?? (setting.type === 'boolean' ? false : undefined);
      if (setting.required === true && values[key] === undefined) {
        failed.add(key);
        problems.push(
          `${flagOf(key)} is missing: ${setting.doc} Give it as a flag, as ${environmentNameOf(key)} or in a config file`,
        );
      }
      continue;
    }
    const parsed = parseSetting(setting, written.text, written.where);
    if (parsed.kind === 'value') values[key] = parsed.value;
    else {
      failed.add(key);
      problems.push(parsed.problem);
    }
  }
  return { values, failed, problems };
}

/** The last step: cross-field rules, then one UsageError with all problems, or the frozen values. */
export function settle<S extends Settings>(rules: readonly Rule<S>[], resolved: Resolved): Values<S> {
  const values = resolved.values as Values<S>;
  const broken = rules
    .filter((rule) => !rule.needs.some((key) => resolved.failed.has(key)))
    .map((rule) => rule.problem(values))
    .filter((problem) => problem !== undefined);
  const problems = [...resolved.problems, ...broken];
  if (problems.length > 0) throw new UsageError(problems);
  for (const value of Object.values(resolved.values)) Object.freeze(value);
  return Object.freeze(values);
}

/** The settings as they were resolved, for the log: secrets as ***. */
export function printableConfig<S extends Settings>(settings: S, values: Values<S>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([key, setting]) => [key, printValue(setting, values[key])]));
}

/** An empty variable counts as not given: that is how compose files and charts leave one out. */
function fromEnvironment(key: string, environment: Environment): Written | undefined {
  const name = environmentNameOf(key);
  const text = environment[name];
  return text === undefined || text === '' ? undefined : { text, where: name };
}

function readConfigFile(path: string, settings: Settings, problems: string[]): Map<string, Written> {
  const written = new Map<string, Written>();
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    problems.push(`config file ${path} cannot be read: ${(error as Error).message}. Give a file with one JSON object`);
    return written;
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    problems.push(`config file ${path} does not hold a JSON object; write {"settingName": value, ..}`);
    return written;
  }
  for (const [key, text] of Object.entries(content)) {
    const where = `"${key}" in ${path}`;
    if (!Object.hasOwn(settings, key))
      problems.push(`${where} is not a setting of this command; see --help for what is`);
    else if (text !== null) written.set(key, { text, where });
  }
  return written;
}
