/** What the chart's values say of themselves: table, schema, profiles, and what is taken from the code. */
import { Ajv } from 'ajv';
import { format, resolveConfig } from 'prettier';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { defaultTopics } from '../../src/adapters/kafka/changelog.ts';
import { topicSettings, type TopicRole } from '../../src/adapters/kafka/topic-settings.ts';
import { defaultHttpLimits } from '../../src/adapters/http/limits.ts';
import { run } from '../../src/cli/run.ts';
import { page, read } from '../docs/pages.ts';
import { chartFile, chartFolder, documentedValues, profiles } from './chart.ts';
import { settingsSchema } from './settings-schema.ts';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly $ref?: string;
}
const schemaText = chartFile('values.schema.json');
const schema = JSON.parse(schemaText) as Schema & { readonly $defs: Record<string, Schema> };
const check = new Ajv({ allowUnionTypes: true }).compile(schema);

async function written(path: string, text: string): Promise<[text: string, path: string]> {
  const style = await resolveConfig(path);
  return [await format(text, { ...style, filepath: path }), path];
}

describe('the values of the chart', () => {
  it('each have a comment that says what they do', () => {
    expect(documentedValues().filter(({ doc }) => !/^.{8,}\.$/.test(doc))).toEqual([]);
  });

  // After a change: npx vitest run --project unit test/deploy/chart-values -u
  it('stand in the table of the README', async () => {
    const cell = (text: string): string => text.replaceAll('|', '\\|');
    const rows = documentedValues().map(
      ({ path, default: value, doc }) => `| \`${path}\` | \`${cell(value)}\` | ${cell(doc)} |`,
    );
    const [before = '', after = ''] = chartFile('README.md').split(/<!-- values -->[\s\S]*<!-- end of values -->/);
    const table = ['| value | default | what it does |', '| --- | --- | --- |', ...rows].join('\n');
    const text = `${before}<!-- values -->\n\n${table}\n\n<!-- end of values -->${after}`;
    await expect(text).toMatchFileSnapshot(`${chartFolder}/README.md`);
  });

  it('have a schema that takes the settings of the roles from the code', async () => {
    const settings = settingsSchema(run.settings);
    const $defs = { ...schema.$defs, workerSettings: settings, trainerSettings: settings };
    const [text, path] = await written(`${chartFolder}/values.schema.json`, JSON.stringify({ ...schema, $defs }));
    await expect(text).toMatchFileSnapshot(path);
  });

  it('have a schema that knows every one of them, and no others', () => {
    const unknown: string[] = [];
    const compare = (value: unknown, { properties, additionalProperties }: Schema, path: string): void => {
      if (properties === undefined || typeof value !== 'object' || value === null) return;
      if (additionalProperties !== false) unknown.push(`${path} is open`);
      for (const [key, part] of Object.entries(value)) {
        const known = properties[key];
        if (known === undefined) unknown.push(`${path}${key}`);
        else compare(part, known, `${path}${key}.`);
      }
    };
    compare(parse(chartFile('values.yaml')), schema, '');
    expect(unknown).toEqual([]);
    const names = Object.keys(schema.properties ?? {}).filter((name) => name !== 'global');
    expect(names).toEqual(Object.keys(parse(chartFile('values.yaml')) as object));
    expect(check(parse(chartFile('values.yaml')))).toBe(true);
  });

  it.each(profiles)('fit the schema in the profile %s, which says what it is for', (name) => {
    const text = chartFile(`profiles/${name}.yaml`);
    expect(text).toMatch(/^# .{20,}\.\n/);
    check(parse(text));
    expect(check.errors).toBeNull();
  });

  it.each([
    ['a misspelt value', { worker: { replica: 3 } }],
    ['a misspelt setting', { worker: { settings: { checkpointMS: 100 } } }],
    ['a setting outside its bounds', { worker: { settings: { checkpointMs: 1 } } }],
    ['a setting that the chart sets itself', { worker: { settings: { brokers: ['a:1'] } } }],
    ['text for a number', { topics: { partitions: 'twelve' } }],
    ['a broker without a port', { kafka: { brokers: ['kafka'] } }],
    ['an unknown mechanism', { kafka: { sasl: { mechanism: 'scram' } } }],
    ['a cool-down that is shorter than a restore', { autoscaling: { cooldownSeconds: 30 } }],
    ['a grace period that is shorter than a drain', { worker: { terminationGracePeriodSeconds: 20 } }],
  ])('have a schema that refuses %s', (_, values) => {
    expect(check(values)).toBe(false);
  });
});

describe('the grace period', () => {
  it('is longer than everything that a drain may wait for, and the page adds it up', () => {
    const source = (path: string, pattern: RegExp): number =>
      Number(pattern.exec(read(`src/adapters/${path}`))?.[1]?.replaceAll('_', '')) / 1000;
    const steps = [
      defaultHttpLimits.closeGraceMs / 1000,
      source('kafka/transport.ts', /options\.lastWriteMs \?\? ([\d_]+)/),
      source('kafka/transport.ts', /const leaveMs = ([\d_]+)/),
      source('kafka/local-views.ts', /close\(catchUpMs = ([\d_]+)\)/),
    ];
    const { worker } = parse(chartFile('values.yaml')) as {
      worker: { terminationGracePeriodSeconds: number; preStopSeconds: number };
    };
    const told = [...page('deploy/kubernetes.md').matchAll(/^\| .+ \| (\d+) s\b.* \|$/gm)].map(([, seconds]) =>
      Number(seconds),
    );
    expect(told).toEqual([worker.preStopSeconds, ...steps]);
    // The chart refuses less than half a minute for them.
    expect(steps.reduce((sum, seconds) => sum + seconds, 0)).toBeLessThan(30);
    expect(worker.terminationGracePeriodSeconds).toBeGreaterThan(30 + worker.preStopSeconds);
  });
});

describe('the topics of the operator', () => {
  it('have the settings that Freshet creates topics with', async () => {
    const roles = Object.keys(defaultTopics) as TopicRole[];
    const topics = roles.map((role) => [role, { name: defaultTopics[role], settings: topicSettings[role] }]);
    const [text, path] = await written(
      `${chartFolder}/files/topic-settings.json`,
      JSON.stringify(Object.fromEntries(topics)),
    );
    await expect(text).toMatchFileSnapshot(path);
  });
});
