/** `freshet topics`: creates the topics that a worker on Kafka needs, or says what is wrong with them. */
import { UsageError } from '../errors.ts';
import { defineCommand } from './command.ts';
import { connectionOf, kafkaRules, kafkaSettings, topicsOf } from './kafka-settings.ts';
import { renderTable } from './table.ts';

export const topics = defineCommand({
  name: 'topics',
  summary: 'create the topics on Kafka, or check them',
  positionals: {
    action: {
      type: 'choice',
      choices: ['create', 'check'],
      required: true,
      doc: 'create: makes what is missing and changes nothing that is there; check: says what is wrong, and what mends it.',
    },
  },
  settings: {
    ...kafkaSettings,
    partitions: {
      type: 'integer',
      min: 1,
      max: 256,
      default: 12,
      doc: 'Partitions of a ratings topic that is not there; the others get as many as it has.',
    },
    replicationFactor: {
      type: 'integer',
      min: 1,
      max: 16,
      doc: "Copies of a created topic; the brokers' default when not given.",
    },
  },
  rules: kafkaRules,
  examples: [
    { line: 'topics create --brokers localhost:9092 --partitions 12', shows: 'Everything a group of workers needs' },
    { line: 'topics check --brokers localhost:9092', shows: 'What is wrong, and the command that mends it' },
  ],
  async run(values, { stdout, stderr }) {
    const { brokers } = values;
    if (brokers === undefined) throw new UsageError(['--brokers is missing: give at least one broker as host:port']);
    const [{ createLog }, { createKafka }, admin] = await Promise.all([
      import('../adapters/logging/log.ts'),
      import('../adapters/kafka/connection.ts'),
      import('../adapters/kafka/topics.ts'),
    ]);
    const connection = connectionOf(values, brokers, createLog('error', stderr));
    const options = { kafka: createKafka(connection), brokers, topics: topicsOf(values) };
    const created =
      values.action === 'create'
        ? await admin.createTopics({
            ...options,
            partitionCount: values.partitions,
            replicationFactor: values.replicationFactor,
          })
        : [];
    const problems = await admin.checkTopics(options);
    stdout.write(values.json ? `${JSON.stringify({ created, problems })}\n` : forPeople(created, problems));
    return problems.some(({ severity }) => severity === 'error') ? 'failed' : 'fine';
  },
});

function forPeople(
  created: readonly string[],
  problems: readonly { topic: string; severity: string; problem: string; command: string }[],
): string {
  const made = created.length === 0 ? '' : `Created: ${created.join(', ')}.\n`;
  if (problems.length === 0) return `${made}The topics are as they should be.\n`;
  const table = renderTable({
    head: ['topic', '', 'what is wrong'],
    rows: problems.map(({ topic, severity, problem }) => [topic, severity, problem]),
  });
  return `${made}${table}To mend it:\n${problems.map(({ command }) => `  ${command}\n`).join('')}`;
}
