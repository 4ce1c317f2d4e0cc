/** The embedded transport in memory: for tests, which can make it crash. */
import { createStore, type EmbeddedStore, type StoreOptions } from './embedded-store.ts';
import { createMemoryDisk, createMemoryEngine, type MemoryDisk } from './memory-engine.ts';

export interface InMemoryOptions extends StoreOptions {
  /** 1 when not given. */
  readonly partitionCount?: number;
}

export interface InMemoryStore extends EmbeddedStore {
  /** As if the process had died: what was not yet durable is lost and refused; returns the store of the next process. */
  crash(): InMemoryStore;
}

export function openInMemory(options: InMemoryOptions = {}): InMemoryStore {
  return openDisk(createMemoryDisk(options.partitionCount ?? 1), options);
}

function openDisk(disk: MemoryDisk, options: InMemoryOptions): InMemoryStore {
  const engine = createMemoryEngine(disk);
  return {
    ...createStore(engine, options),
    crash() {
      engine.crash();
      return openDisk(disk, options);
    },
  };
}
