import { PassThrough } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import { openInMemory } from '../../src/adapters/embedded/open-in-memory.ts';
import { createLog } from '../../src/adapters/logging/log.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { UsageError } from '../../src/errors.ts';
import { createPlainKernel } from '../../src/kernel/plain.ts';
import type { Scale } from '../../src/model/scale.ts';
import { defaultSettings, withPosterior } from '../../src/model/settings.ts';
import {
  decodeStoredSettings,
  encodeStoredSettings,
  refuseOtherSettings,
  storedSettingsOf,
} from '../../src/stream/stored-settings.ts';
import { Worker } from '../../src/stream/worker.ts';

const scale = { lo: 0.5, hi: 5 };
const stored = storedSettingsOf({ settings: defaultSettings, scale, partitionCount: 4 });

it('reads back what was stored, and nothing that may change later', () => {
  expect(decodeStoredSettings(encodeStoredSettings(stored))).toEqual(stored);
  const fast = storedSettingsOf({ settings: { ...defaultSettings, effort: 'fast' }, scale, partitionCount: 4 });
  expect(() => refuseOtherSettings(stored, fast)).not.toThrow();
});

it('names every difference at once', () => {
  const other = storedSettingsOf({
    settings: { ...withPosterior(defaultSettings), k: 16, seed: 7 },
    scale: { lo: 1, hi: 5 },
    partitionCount: 6,
  });
  let thrown: unknown;
  try {
    refuseOtherSettings(stored, other);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(UsageError);
  expect((thrown as UsageError).problems).toEqual([
    expect.stringContaining('--scale 0.5..5 and 1..5 is asked for'),
    expect.stringContaining('--seed 1 and 7 is asked for'),
    expect.stringContaining('k 32 and 16 is asked for'),
    expect.stringMatching(
      /--effort fast or balanced \(128 ratings .*\) and full or auto \(256 ratings .*256 wide\) is asked/,
    ),
    expect.stringMatching(/4 partitions of ratings and there are 6 now.*start workers with another --app/),
  ]);
});

it('refuses settings that are damaged', () => {
  expect(() => decodeStoredSettings(new Uint8Array([1, 2, 3]))).toThrow(/no JSON/);
});

it('a task that was learned with another scale is not restored, whatever stored it', async () => {
  const store = openInMemory();
  const parts = {
    settings: defaultSettings,
    kernel: createPlainKernel(),
    clock: systemClock,
    topic: 'ratings',
    partitionCount: 1,
  };
  const caps = { maxUsers: 1000, maxItems: 1000, checkpointEvents: 1, checkpointMs: 60_000 };
  const log = createLog('silent', new PassThrough());
  const begin = (scale: Scale) => {
    const member = store.member();
    const codec = createCodec({ scale, nowMs: () => Date.now() });
    const telemetry = { checkpoint: () => undefined, restored: () => undefined };
    const onFatal = (): void => undefined;
    const worker = new Worker({ ...parts, ...caps, scale, codec, log, telemetry, feed: member.items, onFatal });
    const started = member.start(worker);
    const stop = async (): Promise<void> => {
      await member.stop();
      await worker.stop();
    };
    return { started, stop };
  };

  const first = begin({ lo: 1, hi: 10 });
  await first.started;
  await store.append(0, [
    { key: null, value: Buffer.from('{"userId": "u", "itemId": "i", "rating": 7, "ratedAt": 1000}') },
  ]);
  await vi.waitUntil(() => store.backlog() === 0, { timeout: 20_000 });
  await first.stop();
  const other = begin({ lo: 1, hi: 5 });
  await expect(other.started).rejects.toThrow('--scale 1..10 and 1..5 is asked for');
  await other.stop();
  const same = begin({ lo: 1, hi: 10 });
  await same.started;
  await same.stop();
  await store.close();
});
