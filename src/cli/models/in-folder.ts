/** Looks at a data folder, also while a worker runs; changes it, or trains on it, while none does. */
import { createModelStore, createModelReader } from '../../adapters/models/model-store.ts';
import type { EmbeddedStore } from '../../adapters/embedded/embedded-store.ts';
import { systemClock } from '../../adapters/system/clock.ts';
import type { NetworkKind } from '../../model/networks/kinds.ts';
import { defaultSettings } from '../../model/settings.ts';
import { freshRecord } from '../../stream/model-record.ts';
import { createModelControl, listModels } from '../../stream/model-control.ts';
import type { CommandIo } from '../command.ts';
import { withStore, withView } from '../folder.ts';
import { progressBar } from '../progress.ts';
import { defaultScale } from '../run/intake.ts';
import { settingsIn } from '../stored-settings.ts';
import { openRetraining } from './open-retraining.ts';
import { carryOut } from './carry-out.ts';
import type { ModelAnswer, ModelOrder, ModelsValues } from './order.ts';

export async function askFolder(order: ModelOrder, values: ModelsValues, io: CommandIo): Promise<ModelAnswer> {
  const { data = '' } = values;
  if (order.action === 'list' || order.action === 'show') {
    return withView(data, async ({ models }) => ({
      kind: 'records',
      records: await listModels(createModelReader(models)),
    }));
  }
  const instead = `Ask it: freshet models ${order.action} ${order.kind} --http URL. Or stop it first.`;
  return withStore(data, instead, (store) =>
    order.action === 'train'
      ? trainHere(order.kind, store, values, io)
      : carryOut(order, createModelControl(createModelStore(store.models), systemClock)),
  );
}

/** The candidate that passes the gate is tried by the worker that runs next. */
async function trainHere(
  kind: NetworkKind,
  store: EmbeddedStore,
  values: ModelsValues,
  { stderr, signal }: CommandIo,
): Promise<ModelAnswer> {
  const { createLog } = await import('../../adapters/logging/log.ts');
  const stored = settingsIn(store);
  const bar = progressBar(stderr, `train ${kind}`, 1);
  const partitions = Array.from({ length: store.partitionCount }, (_, partition) => partition);
  const retraining = openRetraining(
    { ...values, train: [], trainEveryRatings: 0, trainEveryMinutes: 0 },
    {
      store: createModelStore(store.models),
      source: { kind: 'folder', folder: values.data ?? '' },
      scale: stored?.scale ?? defaultScale,
      settings: { historyLimit: stored?.historyLimit ?? defaultSettings.historyLimit },
      ratingsLogged: () => Promise.resolve(partitions.reduce((sum, p) => sum + store.end('ratings', p), 0)),
      log: createLog('warn', stderr),
      telemetry: {
        modelEvent: () => undefined,
        swapped: () => undefined,
        training: (_, progress) =>
          bar.at(progress === null || progress.epochs === 0 ? 0 : progress.epoch / progress.epochs),
      },
      trainerName: 'folder',
      isTriggered: false,
    },
  );
  const stop = (): void => void retraining.stop();
  signal.addEventListener('abort', stop);
  try {
    const record = (await retraining.train(kind, 'somebody asked for it')) ?? freshRecord(kind);
    signal.throwIfAborted();
    const last = record.events.at(-1);
    return last?.outcome === 'failed' ? { kind: 'refused', reason: last.reason } : { kind: 'done', record };
  } finally {
    signal.removeEventListener('abort', stop);
    bar.stop();
    await retraining.stop();
  }
}
