/** Says what becomes of networks, whoever decided it: a line in the log and a count, for every event of a record. */
import { networkKinds, type NetworkKind } from '../model/networks/kinds.ts';
import type { Log } from '../ports/log.ts';
import type { ModelReader, ModelRecord, ModelStore } from '../ports/models.ts';
import type { ModelTelemetry } from '../ports/telemetry.ts';
import { eventsSince } from './model-record.ts';

/** Resolves with how to stop, once it is known what is old. */
export async function announceModels(
  store: Pick<ModelStore, 'watch'> & ModelReader,
  log: Log,
  telemetry: Pick<ModelTelemetry, 'modelEvent'>,
): Promise<() => Promise<void>> {
  const known = new Map<NetworkKind, ModelRecord | null>();
  let last: Promise<void> = Promise.resolve();

  async function look(kind: NetworkKind): Promise<void> {
    const record = await store.record(kind);
    if (record === null) return;
    for (const { outcome, version, reason } of eventsSince(known.get(kind) ?? null, record)) {
      telemetry.modelEvent(kind, outcome);
      const fields = { kind, version, reason };
      if (outcome === 'failed' || outcome === 'rolled-back') log.warn(fields, `network ${outcome}`);
      else log.info(fields, `network ${outcome}`);
    }
    known.set(kind, record);
  }

  const stop = store.watch((kind) => {
    last = last
      .then(() => look(kind))
      .catch((error: unknown) => log.warn({ kind, reason: String(error) }, 'a record of a network cannot be read'));
  });
  for (const kind of networkKinds) known.set(kind, await store.record(kind));
  return async () => {
    stop();
    await last;
  };
}
