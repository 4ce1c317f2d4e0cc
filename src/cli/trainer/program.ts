/** The program of a training process: one training of one network, from wherever the ratings are. */
import { readFileSync } from 'node:fs';
import { createCodec } from '../../adapters/avro/codec.ts';
import { systemClock } from '../../adapters/system/clock.ts';
import { serveTraining } from '../../adapters/trainer/serve-training.ts';
import { createKernel } from '../../kernel/choose.ts';
import { networkOf } from '../../model/networks/serving.ts';
import { mappingOf } from '../mapping-settings.ts';
import type { Codec } from '../../ports/codec.ts';
import type { LoggedRatings } from '../../ports/logged-ratings.ts';
import type { SchemaSource } from '../../ports/schema-source.ts';
import { decodableCount } from '../../stream/await-schemas.ts';
import { trainElsewhere } from '../training/place.ts';
import type { TrainingPlace } from './place.ts';
import { runTraining } from './run-training.ts';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

serveTraining(async (job, place, onProgress) => {
  const { mapping, scale, limits, budgetSeconds, historyLimit, source } = place as TrainingPlace;
  const opened =
    source.kind === 'folder'
      ? await (await import('./folder-source.ts')).openFolderSource(source)
      : await (await import('./kafka-source.ts')).openKafkaSource(source);
  const { schemas, schemaById } = opened;
  const codec = createCodec({
    ...mappingOf(mapping),
    ...(schemaById === undefined ? {} : { schemaById }),
    ...{ scale, nowMs: () => Date.now() },
  });
  const kernel = createKernel();
  try {
    return await runTraining(
      job,
      {
        ratings: schemas === undefined ? opened.ratings : withSchemas(opened.ratings, codec, schemas),
        models: opened.models,
        ...{ codec, scale, limits, budgetSeconds, historyLimit, clock: systemClock, codeVersion: version },
        train: trainElsewhere(job.kind),
        networkOf: (artifact) => networkOf(artifact, kernel),
      },
      onProgress,
    );
  } finally {
    await opened.ratings.close();
  }
});

/** Before a page is decoded, its writers' schemas are asked for: nothing is left out because a registry is slow. */
const withSchemas = (ratings: LoggedRatings, codec: Codec, schemas: SchemaSource): LoggedRatings => ({
  ...ratings,
  read: (partition, from, to, onPage) =>
    ratings.read(partition, from, to, async (records) => {
      while ((await decodableCount(records, codec, schemas)) < records.length);
      await onPage(records);
    }),
});
