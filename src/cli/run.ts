/** `freshet run`: the worker on this machine: ratings in over HTTP, predictions out, everything learned kept in a folder. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { logLevels } from '../adapters/logging/log.ts';
import { UsageError } from '../errors.ts';
import { defineCommand } from './command.ts';
import { parseAdvertised } from './run/advertised-address.ts';
import { kafkaRules, kafkaSettings } from './kafka-settings.ts';
import { kernelSetting, learnerSettingsOf, workerLearnerSettings } from './learner-settings.ts';
import { mappingSettings, mappingOf } from './mapping-settings.ts';
import { retrainingSettings, trainRule } from './models/training-settings.ts';
import { registrySettings } from './registry-settings.ts';

export const run = defineCommand({
  name: 'run',
  summary: 'run a worker: take ratings in over HTTP, predict, learn, and keep what was learned',
  positionals: {},
  settings: {
    role: {
      type: 'choice',
      choices: ['all', 'worker', 'trainer'],
      doc: 'worker: predicts and learns; trainer: trains networks for the workers of a group; all: both. Usually all on a data folder, and worker on Kafka.',
    },
    data: {
      type: 'text',
      unit: 'folder',
      doc: 'Without --brokers: holds the log and all that is learned, on this machine alone. With it: a local snapshot, so that a restart reads only what came since. Made when it is not there.',
    },
    ...kafkaSettings,
    createTopics: { type: 'boolean', doc: 'Create the topics that are missing on the brokers.' },
    replicationFactor: {
      type: 'integer',
      min: 1,
      max: 16,
      doc: "Copies of a created topic; the brokers' default when not given.",
    },
    delivery: {
      type: 'choice',
      choices: ['exactly-once', 'at-least-once'],
      default: 'exactly-once',
      doc: 'On Kafka: transactions, or faster answers that a crash may repeat.',
    },
    onLostOffset: {
      type: 'choice',
      choices: ['stop', 'earliest'],
      default: 'stop',
      doc: 'When Kafka no longer keeps the next rating: stop, or go on with the earliest that is kept.',
    },
    recommendations: {
      type: 'integer',
      min: 0,
      max: 100,
      default: 10,
      unit: 'items',
      doc: 'On Kafka: so many of the best items are published to each user whose ratings changed, in spare time; 0 turns it off.',
    },
    sessionTimeoutMs: {
      type: 'integer',
      min: 1000,
      max: 300_000,
      default: 10_000,
      unit: 'ms',
      doc: 'On Kafka: a worker that is silent for so long loses its partitions to the others; the brokers set limits (group.min.session.timeout.ms).',
    },
    ...registrySettings,
    scale: {
      type: 'scale',
      doc: 'Lowest and highest possible rating; others are refused. 1..5 for a new data folder; an old one keeps its own.',
    },
    partitions: {
      type: 'integer',
      min: 1,
      max: 256,
      doc: 'Partitions of a new data folder, or of a ratings topic that is created (1); what is there keeps its number.',
    },
    httpHost: { type: 'text', default: '127.0.0.1', doc: 'Address to listen on. Anything but loopback wants a token.' },
    httpPort: { type: 'integer', min: 0, max: 65535, default: 8080, doc: 'Port to listen on; 0 takes a free one.' },
    httpAdvertise: {
      type: 'text',
      unit: 'host:port',
      doc: 'Where other workers of the group reach this one, or a web address; the address it listens on when others can reach that.',
    },
    httpToken: {
      type: 'text',
      secret: true,
      doc: 'Bearer token that every request must carry, but for health checks.',
    },
    httpTokenFile: { type: 'text', unit: 'file', doc: 'File that holds the token.' },
    ...retrainingSettings,
    ...workerLearnerSettings,
    ...kernelSetting,
    checkpointEvents: {
      type: 'integer',
      min: 1,
      max: 100_000,
      default: 4000,
      unit: 'records',
      doc: 'A checkpoint is written after this many records.',
    },
    checkpointMs: {
      type: 'integer',
      min: 5,
      max: 60_000,
      default: 100,
      unit: 'ms',
      doc: 'And after this time, when anything came; on Kafka sooner while little waits.',
    },
    maxUsers: {
      type: 'integer',
      min: 100,
      default: 5_000_000,
      unit: 'rows',
      doc: 'Users kept in memory for each partition; the folder keeps the rest. On Kafka all stay in memory.',
    },
    maxItems: {
      type: 'integer',
      min: 100,
      default: 2_000_000,
      unit: 'rows',
      doc: 'Items kept in memory; the folder keeps the rest. On Kafka all stay in memory.',
    },
    maxBacklog: {
      type: 'integer',
      min: 1000,
      default: 100_000,
      unit: 'records',
      doc: 'Requests are told to come back later while this many ratings wait.',
    },
    ...mappingSettings,
    logLevel: {
      type: 'choice',
      choices: logLevels,
      default: 'info',
      doc: 'Least important lines that are still logged.',
    },
  },
  rules: [
    ...kafkaRules,
    trainRule,
    {
      needs: ['role', 'brokers'],
      problem: ({ role, brokers }) =>
        role === 'trainer' && brokers === undefined
          ? 'a trainer by itself is for a group on Kafka; on a data folder leave --role out, or train by hand with freshet models train'
          : undefined,
    },
    {
      needs: ['data', 'brokers'],
      problem: ({ data, brokers }) =>
        data === undefined && brokers === undefined
          ? 'give --data FOLDER for a worker on this machine alone, or --brokers for one on Kafka'
          : undefined,
    },
    {
      needs: ['httpAdvertise', 'data'],
      problem: ({ httpAdvertise, data }) => {
        if (httpAdvertise === undefined) return undefined;
        if (data !== undefined) return '--http-advertise is for workers on Kafka: leave it out, or give --brokers';
        return parseAdvertised(httpAdvertise, 1) === null
          ? `--http-advertise "${httpAdvertise}" is no address; write host:port, or http://host:port`
          : undefined;
      },
    },
    {
      needs: ['httpToken', 'httpTokenFile'],
      problem: ({ httpToken, httpTokenFile }) =>
        httpToken !== undefined && httpTokenFile !== undefined
          ? 'give --http-token or --http-token-file, not both'
          : undefined,
    },
  ],
  examples: [
    { line: 'run --data ./freshet-data', shows: 'A complete recommender on one machine' },
    { line: 'run --brokers localhost:9092 --create-topics --partitions 12', shows: 'One worker of a group on Kafka' },
    {
      line: 'run --brokers localhost:9092 --data ./snapshot',
      shows: 'One that restarts from its own disk and the tail of the changelogs',
    },
    {
      line: 'run --data ./d --scale 0.5..5 --map userId=customer.id,itemId=sku,rating=stars',
      shows: "Somebody's own JSON records",
    },
  ],
  async run(values, io) {
    const { stdout, signal } = io;
    if (values.role === 'trainer') {
      const [{ createLog }, { runTrainer }] = await Promise.all([
        import('../adapters/logging/log.ts'),
        import('./run/trainer.ts'),
      ]);
      const log = createLog(values.logLevel, stdout);
      const token = values.httpToken ?? tokenFrom(values.httpTokenFile);
      await runTrainer({ ...values, settings: learnerSettingsOf(values) }, token, log, io);
      log.info({}, 'stopped');
      return 'fine';
    }
    const [{ createLog }, { createHttpServer }, { openIntake }] = await Promise.all([
      import('../adapters/logging/log.ts'),
      import('../adapters/http/server.ts'),
      values.brokers === undefined ? import('./run/embedded-intake.ts') : import('./run/kafka-intake.ts'),
    ]);
    const log = createLog(values.logLevel, stdout);
    const mapping = mappingOf(values);
    const token = values.httpToken ?? tokenFrom(values.httpTokenFile);
    const intake = await openIntake(
      {
        ...values,
        role: roleOf(values.role),
        settings: learnerSettingsOf(values),
        effortFollowsLoad: values.effort === 'auto',
      },
      mapping,
      log,
    );
    try {
      const { running } = intake;
      const http = createHttpServer({
        ...intake,
        serving: running.serving,
        stats: running.stats,
        networkStats: running.networkStats,
        limits: { backlogMaxCount: values.maxBacklog },
        metricsText: () => running.telemetry.metricsText(),
        onAnswered: (...request) => running.telemetry.httpRequest(...request),
        onForwarded: (...request) => running.telemetry.httpForwarded(...request),
        log,
        ...(token === undefined ? {} : { token }),
        ...(mapping.mapping?.ratedAt === undefined ? {} : { timeField: mapping.mapping.ratedAt }),
      });
      try {
        const { host, port } = await http.listen({ host: values.httpHost, port: values.httpPort });
        log.info({ httpHost: host, httpPort: port }, 'listening');
        const stopped = signal.aborted ? Promise.resolve() : once(signal, 'abort');
        const beginning = intake.begin({ host, port });
        beginning.catch(() => undefined); // whoever stops meanwhile does not wait for it
        await Promise.race([beginning, stopped, running.failed]);
        const { place, scale, partitionCount } = intake;
        if (!signal.aborted) {
          const kernel = running.worker.items.kernel.name;
          log.info({ httpHost: host, httpPort: port, ...place, partitions: partitionCount, scale, kernel }, 'ready');
        }
        await Promise.race([stopped, running.failed]);
        log.info({ reason: (signal.reason as Error | undefined)?.message }, 'draining');
      } finally {
        await http.close();
      }
    } finally {
      await intake.close();
    }
    log.info({}, 'stopped');
    return 'fine';
  },
});

const roleOf = (role: string | undefined): 'all' | 'worker' | 'trainer' | null =>
  role === 'all' || role === 'worker' || role === 'trainer' ? role : null;

function tokenFrom(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new UsageError([
      `--http-token-file ${path} cannot be read: ${(error as Error).message}. Give a file with the token`,
    ]);
  }
}
