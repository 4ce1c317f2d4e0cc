/** What `freshet --help` and `freshet COMMAND --help` print. Pure: values in, text out. */
import { allowedValues, environmentNameOf, flagOf, printValue, type Setting, type Settings } from '../setting.ts';
import { configFileSetting } from './command-line.ts';
import { commonSettings, type Command } from './command.ts';

const pad = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd()).join('\n');
};

export function overview(commands: readonly Command[]): string {
  return `freshet: a recommender that never stops learning.

Usage: freshet COMMAND [flags]

${pad(commands.map(({ name, summary }) => [name, summary] as const))}

freshet COMMAND --help describes a command; freshet --version prints the version.
Exit codes: 0 fine, 1 failed, 2 wrong usage.
`;
}

export function commandHelp(command: Command): string {
  const words = Object.entries(command.positionals).map(([key, { required }]) =>
    required === true ? key.toUpperCase() : `[${key.toUpperCase()}]`,
  );
  const sections = [
    `freshet ${command.name}: ${command.summary}.`,
    `Usage: freshet ${[command.name, ...words, '[flags]'].join(' ')}`,
  ];
  const places = Object.entries(command.positionals);
  if (places.length > 0)
    sections.push(pad(places.map(([key, setting]) => [key.toUpperCase(), describe(setting)] as const)));
  sections.push(flagSection('Flags', command.settings));
  sections.push(flagSection('Flags of every command', { ...commonSettings, config: configFileSetting }));
  sections.push('A flag counts before its environment variable (in brackets), that before the config file.');
  sections.push(
    `Examples:\n${command.examples.map(({ line, shows }) => `  # ${shows}\n  freshet ${line}`).join('\n')}`,
  );
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function flagSection(title: string, settings: Settings): string {
  const rows = Object.entries(settings).map(([key, setting]) => {
    const flag =
      setting.type === 'boolean' ? flagOf(key) : `${flagOf(key)} ${(setting.unit ?? setting.type).toUpperCase()}`;
    return [flag, `${describe(setting)} [${environmentNameOf(key)}]`] as const;
  });
  return rows.length === 0 ? '' : `${title}:\n${pad(rows)}`;
}

function describe(setting: Setting): string {
  const notes = [setting.required === true ? 'required' : '', setting.type === 'boolean' ? '' : allowedValues(setting)];
  if (setting.default !== undefined) notes.push(`default ${printValue(setting, setting.default)}`);
  const said = notes.filter((note) => note !== '').join('; ');
  return said === '' ? setting.doc : `${setting.doc} (${said})`;
}
