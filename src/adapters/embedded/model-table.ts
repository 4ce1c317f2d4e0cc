/** The table of models in the engine: one process writes it, so that changes only have to wait for each other here. */
import type { ModelTable, ModelTableReads } from '../../ports/model-table.ts';
import type { StateChange } from '../../ports/transport.ts';
import type { Engine, EngineReads } from './engine.ts';

export const modelReadsOf = (engine: Pick<EngineReads, 'readModel' | 'modelKeys'>): ModelTableReads => ({
  read: (key) => Promise.resolve(engine.readModel(key)),
  keys: (prefix) => Promise.resolve(engine.modelKeys(prefix)),
});

export function createModelTable(engine: Pick<Engine, 'readModel' | 'modelKeys' | 'write'>): ModelTable {
  const listeners = new Set<(key: string) => void>();
  let last: Promise<unknown> = Promise.resolve();

  const write = (models: readonly StateChange[]): Promise<void> =>
    engine.write({ appends: [], task: null, models, guard: () => undefined, durable: () => undefined });

  async function updateNow(key: string, change: (value: Uint8Array | undefined) => Uint8Array | null) {
    const before = engine.readModel(key);
    const value = change(before);
    if (value === null) return before;
    await write([{ key, value }]);
    for (const listener of listeners) listener(key);
    return value;
  }

  return {
    ...modelReadsOf(engine),
    write,
    update(key, change) {
      const turn = last.then(() => updateNow(key, change));
      last = turn.catch(() => undefined);
      return turn;
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
