/** What operators do to records: nothing but what the record says, so that every worker follows it. */
import { networkKinds, type NetworkKind } from '../model/networks/kinds.ts';
import type { Clock } from '../ports/clock.ts';
import type { ControlResult, ModelControl } from '../ports/model-control.ts';
import type { ModelReader, ModelRecord, ModelStore } from '../ports/models.ts';
import { freshRecord, promoted, requested, rolledBack } from './model-record.ts';

export const listModels = (store: Pick<ModelReader, 'record'>): Promise<ModelRecord[]> =>
  Promise.all(networkKinds.map(async (kind) => (await store.record(kind)) ?? freshRecord(kind)));

export function createModelControl(store: ModelStore, clock: Pick<Clock, 'nowMs'>): ModelControl {
  async function change(
    kind: NetworkKind,
    /** Null: it is so already. */
    next: (record: ModelRecord) => ModelRecord | { readonly refusal: string } | null,
  ): Promise<ControlResult> {
    const refusals: string[] = [];
    const record = await store.update(kind, (before) => {
      const after = next(before ?? freshRecord(kind));
      refusals.length = 0;
      if (after === null || !('refusal' in after)) return after;
      refusals.push(after.refusal);
      return null;
    });
    const [reason] = refusals;
    if (reason !== undefined) return { kind: 'refused', reason };
    return { kind: 'done', record: record ?? freshRecord(kind) };
  }

  return {
    kinds: networkKinds,
    list: () => listModels(store),
    train: (kind) => change(kind, (record) => requested(record, clock.nowMs(), 'somebody asked for it')),
    promote: (kind, version) =>
      change(kind, (record) => {
        if (record.serving === version) return null;
        const known = record.versions.map((note) => note.version);
        const refusal = `there is no version ${version} of the ${kind} network; there is ${known.join(', ') || 'none'}`;
        return promoted(record, version, clock.nowMs(), 'somebody promoted it') ?? { refusal };
      }),
    rollBack: (kind) =>
      change(
        kind,
        (record) =>
          rolledBack(record, clock.nowMs(), 'somebody rolled it back') ?? {
            refusal: `no version of the ${kind} network serves: there is nothing to roll back`,
          },
      ),
  };
}
