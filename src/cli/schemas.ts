/** `freshet schemas`: puts the schemas of the topics into a registry, or says whether they could be put there. */
import { loadSchema, type SchemaName } from '../adapters/avro/schemas.ts';
import { createRegistryClient } from '../adapters/registry/registry-client.ts';
import { subjectOf } from '../adapters/registry/subject.ts';
import { UsageError } from '../errors.ts';
import { defineCommand } from './command.ts';
import { registryOptionsOf, registrySettings } from './registry-settings.ts';
import { renderTable } from './table.ts';

const topics: readonly { readonly topic: string; readonly schema: SchemaName }[] = [
  { topic: 'ratings', schema: 'rating-event' },
  { topic: 'predictions', schema: 'prediction-event' },
  { topic: 'recommendations', schema: 'recommendations' },
  { topic: 'prediction-requests', schema: 'prediction-request' },
  { topic: 'prediction-answers', schema: 'prediction-answer' },
  { topic: 'ratings.dead-letter', schema: 'dead-letter' },
  { topic: 'ratings.forget-receipts', schema: 'forget-receipt' },
];

export const schemas = defineCommand({
  name: 'schemas',
  summary: 'register the schemas of the topics, or check that they may be registered',
  positionals: {
    action: {
      type: 'choice',
      choices: ['register', 'check'],
      required: true,
      doc: 'register: puts them there and tells their ids; check: asks whether they may follow what is there.',
    },
  },
  settings: registrySettings,
  examples: [
    { line: 'schemas check --registry-url http://localhost:8081', shows: 'Whether the registry would take them' },
    { line: 'schemas register --registry-url http://localhost:8081 --json', shows: 'Their ids, for machines' },
  ],
  async run(values, { stdout, signal }) {
    const options = registryOptionsOf(values);
    if (options === undefined) throw new UsageError(['--registry-url is missing: give the address of the registry']);
    const client = createRegistryClient(options);
    const results: { subject: string; id: number | null; isCompatible: boolean }[] = [];
    for (const { topic, schema } of topics) {
      signal.throwIfAborted();
      const value = loadSchema(schema) as { readonly namespace: string; readonly name: string };
      const subject = subjectOf(values.subjectStrategy, topic, `${value.namespace}.${value.name}`);
      const isCompatible = await client.isCompatible(subject, value);
      const id = values.action === 'register' && isCompatible ? await client.register(subject, value) : null;
      results.push({ subject, id, isCompatible });
    }
    const fine = results.every(({ isCompatible }) => isCompatible);
    stdout.write(values.json ? `${JSON.stringify({ subjects: results })}\n` : forPeople(results));
    return fine ? 'fine' : 'failed';
  },
});

function forPeople(results: readonly { subject: string; id: number | null; isCompatible: boolean }[]): string {
  const rows = results.map(({ subject, id, isCompatible }) => [
    subject,
    id === null ? '' : String(id),
    isCompatible
      ? 'fits'
      : 'does not fit what is registered: another program owns this subject, or it was changed by hand',
  ]);
  return renderTable({ head: ['subject', 'id', ''], rows });
}
