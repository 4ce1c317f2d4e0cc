import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import { configurationPage } from '../../src/cli/configuration-page.ts';
import { registry, type Registry } from '../../src/cli/registry.ts';
import { commandHelp } from '../../src/cli/help.ts';
import { flagOf } from '../../src/setting.ts';

const load = () => Promise.all(Object.values(registry as Registry).map((loader) => loader()));

it('the configuration page lists every setting of every command', async () => {
  const page = new URL('../../docs/configuration.md', import.meta.url).pathname;
  const style = await resolveConfig(page);
  await expect(await format(configurationPage(await load()), { ...style, parser: 'markdown' })).toMatchFileSnapshot(
    page,
  );
});

it('every command is registered under its own name, and its help shows examples of itself', async () => {
  for (const [name, loader] of Object.entries(registry as Registry)) {
    const command = await loader();
    expect(command.name).toBe(name);
    expect(command.examples.length).toBeGreaterThan(0);
    for (const { line } of command.examples) expect(line.split(' ')[0]).toBe(name);
    for (const key of Object.keys(command.settings)) expect(commandHelp(command)).toContain(flagOf(key));
  }
});

it('no command has a word and a flag of the same name', async () => {
  for (const command of await load()) {
    const keys = [
      ...Object.keys(command.positionals),
      ...Object.keys(command.settings),
      'json',
      'verbose',
      'config',
      'help',
    ];
    expect(new Set(keys).size).toBe(keys.length);
  }
});
