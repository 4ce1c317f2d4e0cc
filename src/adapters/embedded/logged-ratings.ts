/** The ratings of a data folder for a trainer, which looks at it from a process of its own. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { LoggedRatings } from '../../ports/logged-ratings.ts';
import { openEmbeddedReadOnly } from './open-embedded.ts';

const pageRecords = 2000;

export async function openFolderRatings(folder: string): Promise<LoggedRatings> {
  const view = await openEmbeddedReadOnly(folder);
  return {
    partitionCount: view.partitionCount,
    bounds: (partition) => Promise.resolve({ start: 0, end: view.end('ratings', partition) }),
    async read(partition, from, to, onPage) {
      for (let at = from; at < to; at += pageRecords) {
        await onPage(view.read('ratings', partition, at, Math.min(pageRecords, to - at)));
        // Between two turns the snapshot that was read from is let go: the writer may use its pages again.
        await breathe();
      }
    },
    close: () => view.close(),
  };
}
