/** The program of a training process: one training of one network, from wherever the ratings are. */
import { readFileSync } from 'node:fs';
import { systemClock } from '../../adapters/system/clock.ts';
import { serveTraining } from '../../adapters/trainer/serve-training.ts';
import { createKernel } from '../../kernel/choose.ts';
import { networkOf } from '../../model/networks/serving.ts';
import { trainElsewhere } from '../training/place.ts';
import { decodingSource } from './decoding-source.ts';
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
  const { ratings, codec } = decodingSource(opened, mapping, scale);
  const kernel = createKernel();
  try {
    return await runTraining(
      job,
      {
        models: opened.models,
        ...{ ratings, codec, scale, limits, budgetSeconds, historyLimit, clock: systemClock, codeVersion: version },
        train: trainElsewhere(job.kind),
        networkOf: (artifact) => networkOf(artifact, kernel),
      },
      onProgress,
    );
  } finally {
    await opened.ratings.close();
  }
});
