/** From the words after the command's name to its values: all of them, or one UsageError with every problem. */
import { parseArgs } from 'node:util';
import { resolveSettings, settle, type Environment, type Resolved, type Written } from '../config.ts';
import { parseSetting } from '../parse-setting.ts';
import { allowedValues, environmentNameOf, flagOf, type Setting, type Settings } from '../setting.ts';
import { commonSettings, type Command, type CommandValues } from './command.ts';
import { nearest } from './nearest.ts';

/** Not among the values: it is gone once the file has been read. */
export const configFileSetting = {
  type: 'text',
  unit: 'file',
  doc: 'Read settings from a JSON file: one object, keys as in the table.',
} as const satisfies Setting;

export function parseCommandLine<S extends Settings, P extends Settings>(
  command: Command<S, P>,
  words: readonly string[],
  environment: Environment,
): CommandValues<S, P> {
  const settings = { ...command.settings, ...commonSettings };
  const line = readLine(words, { ...settings, config: configFileSetting });
  const file = line.flags.get('config')?.text ?? environment[environmentNameOf('config')];
  const resolved = resolveSettings(settings, {
    flags: line.flags,
    file: typeof file === 'string' && file !== '' ? file : undefined,
    environment,
  });
  resolved.problems.unshift(...line.problems);
  placePositionals(command.positionals, line.positionals, resolved);
  return settle<S & P & typeof commonSettings>(command.rules ?? [], resolved);
}

interface Line {
  /** By setting key. */
  readonly flags: Map<string, Written>;
  readonly positionals: string[];
  readonly problems: string[];
}

function readLine(words: readonly string[], settings: Settings): Line {
  const keyByFlag = new Map(Object.keys(settings).map((key) => [flagOf(key), key]));
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(
      Object.entries(settings).map(([key, { type }]) => [
        flagOf(key).slice(2),
        { type: type === 'boolean' ? ('boolean' as const) : ('string' as const) },
      ]),
    ),
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const line: Line = { flags: new Map(), positionals: [], problems: [] };
  let indexAfterUnknown = -1;
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      // The word after an unknown flag is most likely its value: one mistake, one problem.
      if (token.index !== indexAfterUnknown) line.positionals.push(token.value);
      continue;
    }
    const key = keyByFlag.get(token.rawName);
    const negated = keyByFlag.get(token.rawName.replace('--no-', '--'));
    if (key !== undefined) addFlag(line, key, settings, token.value, token.inlineValue === true);
    else if (negated !== undefined && settings[negated]?.type === 'boolean' && token.value === undefined) {
      line.flags.set(negated, { text: false, where: token.rawName });
    } else {
      const close = nearest(token.rawName, [...keyByFlag.keys()]);
      line.problems.push(
        `${token.rawName} is not a flag of this command${close === undefined ? '' : `; did you mean ${close}?`}`,
      );
      if (token.value === undefined) indexAfterUnknown = token.index + 1;
    }
  }
  return line;
}

function addFlag(line: Line, key: string, settings: Settings, value: string | undefined, inline: boolean): void {
  const where = flagOf(key);
  const type = settings[key]?.type;
  if (type === 'boolean') {
    line.flags.set(key, { text: value ?? true, where });
    return;
  }
  if (value === undefined || (!inline && value.startsWith('--'))) {
    line.problems.push(
      `${where} needs a value${value === undefined ? '' : `, and ${value} is a flag; write ${where}=${value} if it is meant`}`,
    );
    return;
  }
  const before = line.flags.get(key);
  if (before === undefined) line.flags.set(key, { text: value, where });
  else if (type === 'list' || type === 'map') line.flags.set(key, { text: `${String(before.text)},${value}`, where });
  else line.problems.push(`${where} is given twice, as ${String(before.text)} and ${value}; give it once`);
}

/** Positionals are settings that only their place on the line can set. */
function placePositionals(settings: Settings, words: readonly string[], resolved: Resolved): void {
  const keys = Object.keys(settings);
  for (const [place, [key, setting]] of Object.entries(settings).entries()) {
    const name = key.toUpperCase();
    const word = words[place];
    if (word === undefined) {
      resolved.values[key] = setting.default;
      if (setting.required !== true) continue;
      resolved.failed.add(key);
      const allowed = allowedValues(setting);
      resolved.problems.push(`${name} is missing${allowed === '' ? '' : ` (${allowed})`}: ${setting.doc}`);
      continue;
    }
    const parsed = parseSetting(setting, word, name);
    if (parsed.kind === 'value') resolved.values[key] = parsed.value;
    else {
      resolved.failed.add(key);
      resolved.problems.push(parsed.problem);
    }
  }
  for (const word of words.slice(keys.length)) {
    resolved.problems.push(
      `${JSON.stringify(word)} is one word too many; ${keys.length === 0 ? 'this command takes flags only' : `this command takes ${keys.map((key) => key.toUpperCase()).join(' ')}`}`,
    );
  }
}
