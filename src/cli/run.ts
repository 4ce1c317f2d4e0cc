/** `freshet run`: the worker on this machine: ratings in over HTTP, predictions out, everything learned kept in a folder. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { logLevels } from '../adapters/logging/log.ts';
import { UsageError } from '../errors.ts';
import { defineCommand } from './command.ts';
import { learnerSettings, learnerSettingsOf } from './learner-settings.ts';
import { mappingSettings, mappingOf } from './mapping-settings.ts';
import { settingsIn } from './stored-settings.ts';

export const run = defineCommand({
  name: 'run',
  summary: 'run a worker: take ratings in over HTTP, predict, learn, and keep what was learned',
  positionals: {},
  settings: {
    data: {
      type: 'text',
      unit: 'folder',
      required: true,
      doc: 'Holds the log and all that is learned; made when it is not there.',
    },
    scale: {
      type: 'scale',
      doc: 'Lowest and highest possible rating; others are refused. 1..5 for a new data folder; an old one keeps its own.',
    },
    partitions: {
      type: 'integer',
      min: 1,
      max: 256,
      doc: 'Partitions of a new data folder (1); an old one keeps its number.',
    },
    httpHost: { type: 'text', default: '127.0.0.1', doc: 'Address to listen on. Anything but loopback wants a token.' },
    httpPort: { type: 'integer', min: 0, max: 65535, default: 8080, doc: 'Port to listen on; 0 takes a free one.' },
    httpToken: {
      type: 'text',
      secret: true,
      doc: 'Bearer token that every request must carry, but for health checks.',
    },
    httpTokenFile: { type: 'text', unit: 'file', doc: 'File that holds the token.' },
    ...learnerSettings,
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
      doc: 'And after this time, when anything came.',
    },
    maxUsers: {
      type: 'integer',
      min: 100,
      default: 5_000_000,
      unit: 'rows',
      doc: 'Users kept in memory for each partition; the folder keeps the rest.',
    },
    maxItems: {
      type: 'integer',
      min: 100,
      default: 2_000_000,
      unit: 'rows',
      doc: 'Items kept in memory; the folder keeps the rest.',
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
    {
      line: 'run --data ./d --scale 0.5..5 --map userId=customer.id,itemId=sku,rating=stars',
      shows: "Somebody's own JSON records",
    },
  ],
  async run(values, { stdout, signal }) {
    const [{ createLog }, { createCodec }, { openEmbedded }, { createHttpServer }, { startEmbeddedWorker }] =
      await Promise.all([
        import('../adapters/logging/log.ts'),
        import('../adapters/avro/codec.ts'),
        import('../adapters/embedded/open-embedded.ts'),
        import('../adapters/http/server.ts'),
        import('./embedded-worker.ts'),
      ]);
    const log = createLog(values.logLevel, stdout);
    const mapping = mappingOf(values);
    const token = values.httpToken ?? tokenFrom(values.httpTokenFile);
    const store = await openEmbedded({
      folder: values.data,
      maxBacklog: values.maxBacklog,
      ...(values.partitions === undefined ? {} : { partitionCount: values.partitions }),
    });
    try {
      const scale = values.scale ?? settingsIn(store)?.scale ?? { lo: 1, hi: 5 };
      const codec = createCodec({ scale, nowMs: () => Date.now(), ...mapping });
      const settings = learnerSettingsOf(values);
      const embedded = await startEmbeddedWorker(store, { ...values, scale, settings, codec, log });
      const http = createHttpServer({
        serving: embedded.serving,
        ratingsLog: store,
        codec,
        topicReader: store,
        partitionCount: store.partitionCount,
        limits: { backlogMaxCount: values.maxBacklog },
        metricsText: () => embedded.telemetry.metricsText(),
        onAnswered: (...request) => embedded.telemetry.httpRequest(...request),
        log,
        ...(token === undefined ? {} : { token }),
        ...(mapping.mapping?.ratedAt === undefined ? {} : { timeField: mapping.mapping.ratedAt }),
      });
      try {
        const address = await http.listen({ host: values.httpHost, port: values.httpPort });
        const ratings = embedded.worker.tasks.size;
        log.info(
          { httpHost: address.host, httpPort: address.port, data: values.data, partitions: ratings, scale },
          'ready',
        );
        await Promise.race([signal.aborted ? undefined : once(signal, 'abort'), embedded.failed]);
        log.info({ reason: (signal.reason as Error | undefined)?.message }, 'draining');
      } finally {
        await http.close();
        await embedded.stop();
      }
    } finally {
      await store.close();
    }
    log.info({}, 'stopped');
    return 'fine';
  },
});

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
