/** What the worker of a data folder has learned, also while it is at work. */
import { defaultScale } from '../run/intake.ts';
import { withView } from '../folder.ts';
import { settingsIn } from '../stored-settings.ts';
import { decodingSource } from '../trainer/decoding-source.ts';
import { openFolderSource } from '../trainer/folder-source.ts';
import type { EachPrediction, LearnedLog } from './learned-log.ts';
import type { ModelsValues } from './order.ts';

const pageRecords = 2000;

export const withLearnedInFolder = <T>(values: ModelsValues, work: (learned: LearnedLog) => Promise<T>): Promise<T> => {
  const { data: folder = '' } = values;
  return withView(folder, async (view) => {
    const stored = settingsIn(view);
    const opened = await openFolderSource({ kind: 'folder', folder });
    const eachPrediction: EachPrediction = (partition, count, take) => {
      const end = view.end('predictions', partition);
      // A rating has one prediction at most, so that those of the latest ones are among as many of the latest.
      for (let at = Math.max(0, end - count); at < end; at += pageRecords) {
        for (const { value } of view.read('predictions', partition, at, Math.min(pageRecords, end - at))) {
          if (value !== null) take(value);
        }
      }
      return Promise.resolve();
    };
    try {
      return await work({
        ...decodingSource(opened, values, stored?.scale ?? defaultScale),
        ...{ stored, models: opened.models, eachPrediction },
        committed: Array.from({ length: view.partitionCount }, (_, partition) => view.committedOffset(partition)),
      });
    } finally {
      await opened.ratings.close();
    }
  });
};
