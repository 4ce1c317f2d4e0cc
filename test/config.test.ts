import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { printableConfig, resolveSettings, settle, type Rule, type Sources } from '../src/config.ts';
import { UsageError } from '../src/errors.ts';
import type { RatingScale, Settings, Values } from '../src/setting.ts';
import { removeFolder } from './support/remove-folder.ts';

const settings = {
  data: { type: 'text', unit: 'folder', required: true, doc: 'Where it lives.' },
  httpPort: { type: 'integer', min: 0, max: 65535, default: 8080, doc: 'Where it listens.' },
  rate: { type: 'number', min: 0, doc: 'How fast.' },
  effort: { type: 'choice', choices: ['fast', 'full'], default: 'full', doc: 'How hard.' },
  open: { type: 'boolean', doc: 'Whether.' },
  token: { type: 'text', secret: true, doc: 'Who.' },
  brokers: { type: 'list', doc: 'Whom.' },
  columns: { type: 'map', keys: ['user', 'item'], doc: 'Which.' },
  scale: { type: 'scale', doc: 'How much.' },
} as const satisfies Settings;

const rules: Rule<typeof settings>[] = [
  {
    needs: ['rate', 'effort'],
    problem: ({ rate, effort }) => (effort === 'fast' && rate === undefined ? 'effort fast needs --rate' : undefined),
  },
];

let folder = '';
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'freshet-config-'))));
afterAll(() => removeFolder(folder));

const file = (content: string): string => {
  const path = join(folder, 'config.json');
  writeFileSync(path, content);
  return path;
};

const flags = (given: Record<string, string>): Sources['flags'] =>
  new Map(Object.entries(given).map(([key, text]) => [key, { text, where: `--${key}` }]));

const resolve = (sources: Partial<Sources>): Values<typeof settings> =>
  settle(rules, resolveSettings(settings, { flags: new Map(), file: undefined, environment: {}, ...sources }));

const problemsOf = (sources: Partial<Sources>): readonly string[] => {
  try {
    resolve(sources);
  } catch (error) {
    if (error instanceof UsageError) return error.problems;
    throw error;
  }
  return [];
};

describe('configuration', () => {
  it('takes a flag before the environment, that before the file, that before the default', () => {
    const path = file('{"data": "from-file", "httpPort": 1, "rate": 1}');
    const environment = { FRESHET_HTTP_PORT: '2', FRESHET_RATE: '2' };
    const values = resolve({ flags: flags({ rate: '3' }), environment, file: path });
    expect(values).toMatchObject({ data: 'from-file', httpPort: 2, rate: 3, effort: 'full', open: false });
    expect(values.token).toBeUndefined();
  });

  it('gives each type its own value, from text and from JSON alike', () => {
    const expected = {
      brokers: ['a:1', 'b:2'],
      columns: { user: 'who', item: 'what' },
      scale: { lo: -10, hi: 10 },
      open: true,
    };
    const environment = {
      FRESHET_DATA: 'd',
      FRESHET_BROKERS: 'a:1, b:2',
      FRESHET_COLUMNS: 'user=who,item=what',
      FRESHET_SCALE: '-10..10',
      FRESHET_OPEN: '1',
    };
    expect(resolve({ environment })).toMatchObject(expected);
    const json =
      '{"data":"d","brokers":["a:1","b:2"],"columns":{"user":"who","item":"what"},"scale":[-10,10],"open":true}';
    expect(resolve({ file: file(json) })).toMatchObject(expected);
  });

  it('knows the exact type of every value', () => {
    const values = resolve({ flags: flags({ data: 'd' }) });
    expectTypeOf(values.data).toEqualTypeOf<string>();
    expectTypeOf(values.httpPort).toEqualTypeOf<number>();
    expectTypeOf(values.rate).toEqualTypeOf<number | undefined>();
    expectTypeOf(values.effort).toEqualTypeOf<'fast' | 'full'>();
    expectTypeOf(values.open).toEqualTypeOf<boolean>();
    expectTypeOf(values.columns).toEqualTypeOf<Readonly<Partial<Record<'user' | 'item', string>>> | undefined>();
    expectTypeOf(values.scale).toEqualTypeOf<RatingScale | undefined>();
  });

  it('freezes the values, also inside', () => {
    const values = resolve({ flags: flags({ data: 'd', brokers: 'a' }) });
    expect(Object.isFrozen(values)).toBe(true);
    expect(Object.isFrozen(values.brokers)).toBe(true);
  });

  it('reports every problem of every source at once', () => {
    const problems = problemsOf({
      flags: flags({ httpPort: '70000', scale: '5..1', effort: 'fast' }),
      environment: { FRESHET_OPEN: 'perhaps', FRESHET_COLUMNS: 'usr=a' },
      file: file('{"brokers": [], "htpPort": 3}'),
    });
    expect(problems).toEqual([
      expect.stringMatching(/^"htpPort" in .* is not a setting/),
      expect.stringMatching(/^--data is missing/),
      '--httpPort is "70000", which is not in range; give a whole number, 0..65535',
      expect.stringMatching(/^FRESHET_OPEN is "perhaps"/),
      expect.stringMatching(/^"brokers" in .* is \[\]/),
      expect.stringMatching(/^FRESHET_COLUMNS is "usr=a".*user, item/),
      expect.stringMatching(/^--scale is "5..1"/),
      'effort fast needs --rate',
    ]);
  });

  it.each([
    ['httpPort', '8080.5'],
    ['httpPort', ''],
    ['httpPort', '0x'],
    ['rate', 'Infinity'],
    ['rate', '-1'],
    ['effort', 'FAST'],
    ['data', '  '],
    ['scale', '1..'],
    ['scale', '1..1'],
    ['scale', '1..NaN'],
    ['columns', 'user'],
    ['brokers', ','],
  ])('refuses %s %j', (key, text) => {
    const problems = problemsOf({ flags: flags({ data: 'd', [key]: text }) });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`--${key}`);
  });

  it('does not look at a rule whose settings are wrong already', () => {
    expect(problemsOf({ flags: flags({ data: 'd', effort: 'fast', rate: 'quick' }) })).toHaveLength(1);
  });

  it('counts an empty variable, and null in a file, as not given', () => {
    const values = resolve({
      flags: flags({ data: 'd' }),
      environment: { FRESHET_HTTP_PORT: '' },
      file: file('{"rate": null}'),
    });
    expect(values.httpPort).toBe(8080);
    expect(values.rate).toBeUndefined();
  });

  it.each([
    ['not there', undefined],
    ['not JSON', '{'],
    ['not an object', '[1]'],
  ])('reports a config file that is %s', (_, content) => {
    const path = content === undefined ? join(folder, 'absent.json') : file(content);
    expect(problemsOf({ flags: flags({ data: 'd' }), file: path })).toEqual([expect.stringContaining(path)]);
  });

  it('never prints a secret', () => {
    const values = resolve({ flags: flags({ data: 'd', token: 'hush', scale: '1..5' }) });
    expect(printableConfig(settings, values)).toMatchObject({ token: '***', scale: '1..5', data: 'd' });
    const wrong = file('{"data": "d", "token": 12345}');
    expect(problemsOf({ file: wrong }).join()).toContain('***');
    expect(problemsOf({ file: wrong }).join()).not.toContain('12345');
  });

  it('is the only reader of the environment', () => {
    const source = new URL('../src/', import.meta.url);
    const readers = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .filter((path) => /process\.env\b(?!\.)|process\.env\./.test(readFileSync(new URL(path, source), 'utf8')));
    expect(readers).toEqual(['config.ts']);
  });
});
