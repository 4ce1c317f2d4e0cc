/** Ratings and models of a data folder that another process writes. */
import { openFolderRatings } from '../../adapters/embedded/logged-ratings.ts';
import { openEmbeddedReadOnly } from '../../adapters/embedded/open-embedded.ts';
import { createModelReader } from '../../adapters/models/model-store.ts';
import type { FolderSource, OpenedSource } from './place.ts';

export async function openFolderSource({ folder }: FolderSource): Promise<OpenedSource> {
  const view = await openEmbeddedReadOnly(folder);
  const ratings = await openFolderRatings(folder);
  const close = (): Promise<void> => ratings.close().finally(() => view.close());
  return { ratings: { ...ratings, close }, models: createModelReader(view.models) };
}
