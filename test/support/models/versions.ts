/** Versions of a network whose quality is known: they answer with the truth of a stream, and an error of their own. */
import { encodeArtifact } from '../../../src/model/networks/artifact.ts';
import type { ModelRecord, ModelStore, VersionNote } from '../../../src/ports/models.ts';
import { freshRecord } from '../../../src/stream/model-record.ts';
import { simpleTensors } from './simple-network.mjs';

export const users = Array.from({ length: 40 }, (_, n) => `u${n}`);
export const items = Array.from({ length: 25 }, (_, n) => `i${n}`);

/** What users give items, on the inner scale, but for chance. */
export const truth = (user: number, item: number): number => 3 + userLevel(user) + itemLevel(item);
const userLevel = (user: number): number => ((user * 7) % 11) / 11 - 0.5;
const itemLevel = (item: number): number => ((item * 5) % 9) / 6 - 0.7;

export function noteOf(version: string, sizeBytes = 0): VersionNote {
  return {
    ...{ version, sizeBytes, trainedAtMs: 0, ratings: 1000, epochs: 3, trainSeconds: 1, examplesPerSecond: 3000 },
    backend: 'by-hand',
    heldOut: { ratings: 100, rmse: 0.8, againstRmse: 0.9, against: null },
  };
}

/** Answers that are off by `off` for every second user, and by as much to the other side for the others. */
export function artifactOff(version: string, off: number): Uint8Array {
  return encodeArtifact({
    manifest: {
      ...{ kind: 'embedding', version, seed: 1, trainedAtMs: 0, codeVersion: '0.0.0', backend: 'by-hand' },
      window: { ratings: 1000, firstSeconds: 0, lastSeconds: 1 },
      offsets: { '0': 1000 },
      hyperParameters: {},
      evaluation: {},
    },
    tensors: simpleTensors({
      mean: 3,
      user: Float32Array.from(users.keys(), (user) => userLevel(user) + (user % 2 === 0 ? off : -off)),
      item: Float32Array.from(items.keys(), itemLevel),
    }),
    userIds: users,
    itemIds: items,
  });
}

/** Stores a version and changes the record, as a trainer would. */
export async function putVersion(
  store: ModelStore,
  version: string,
  off: number,
  change: (record: ModelRecord) => ModelRecord | null,
): Promise<void> {
  const artifact = artifactOff(version, off);
  await store.put('embedding', version, artifact);
  await store.update('embedding', (record) => {
    const before = record ?? freshRecord('embedding');
    return change({ ...before, versions: [...before.versions, noteOf(version, artifact.length)] });
  });
}
