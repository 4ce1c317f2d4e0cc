/** docs/configuration.md as text: what every command can be told. A test holds the page to it. */
import { allowedValues, environmentNameOf, flagOf, printValue, type Settings } from '../setting.ts';
import { configFileSetting } from './command-line.ts';
import { commonSettings, type Command } from './command.ts';

const intro = `# Configuration

Written from the settings in the code: after changing one, run \`npx vitest run test/cli/configuration-page.test.ts -u\`.

Every setting has one name in three spellings: \`httpPort\` in a config file is the flag \`--http-port\` and the environment
variable \`FRESHET_HTTP_PORT\`. A flag counts before the variable, the variable before the config file, the file before the
default. A config file (\`--config FILE\`) is one JSON object with settings of the command that reads it, for example
\`{ "data": "./data", "httpPort": 8080 }\`; a key that the command does not know is an error. An empty variable counts as not given.

A list is written \`a,b\` (or given by repeating the flag; in a file, a JSON array), a map \`key=value,key=value\` (in a file, an
object), a scale \`lo..hi\` (in a file, also \`[lo, hi]\`). \`--no-NAME\` switches a yes-or-no setting off.

All problems are reported together, with exit code 2.`;

export function configurationPage(commands: readonly Command[]): string {
  const sections = commands.map((command) =>
    section(`freshet ${command.name}`, `${capital(command.summary)}.`, command.settings),
  );
  const common = section('Every command', '', { ...commonSettings, config: configFileSetting });
  return `${[intro, common, ...sections].join('\n\n')}\n`;
}

function section(title: string, text: string, settings: Settings): string {
  const rows = Object.entries(settings).map(([key, setting]) =>
    [
      `\`${key}\``,
      `\`${flagOf(key)}\``,
      `\`${environmentNameOf(key)}\``,
      [setting.type, setting.unit].filter((part) => part !== undefined).join(', '),
      allowedValues(setting),
      setting.required === true
        ? 'required'
        : printValue(setting, setting.default ?? (setting.type === 'boolean' ? false : undefined)),
      setting.doc,
    ].map((cell) => cell.replaceAll('|', '\\|')),
  );
  const head = ['setting', 'flag', 'environment', 'type', 'allowed', 'default', 'what it does'];
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const table = rows.length === 0 ? 'No settings of its own.' : lines.join('\n');
  return [`## ${title}`, text, table].filter((part) => part !== '').join('\n\n');
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
