import { expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import {
  decodeStoredSettings,
  encodeStoredSettings,
  refuseOtherSettings,
  storedSettingsOf,
} from '../../src/stream/stored-settings.ts';

const stored = storedSettingsOf({ settings: defaultSettings, scale: { lo: 0.5, hi: 5 } });

it('reads back what was stored, and nothing that may change later', () => {
  expect(decodeStoredSettings(encodeStoredSettings(stored))).toEqual(stored);
  const fast = storedSettingsOf({ settings: { ...defaultSettings, effort: 'fast' }, scale: { lo: 0.5, hi: 5 } });
  expect(() => refuseOtherSettings(stored, fast)).not.toThrow();
});

it('names every difference at once', () => {
  const other = storedSettingsOf({ settings: { ...defaultSettings, k: 16, seed: 7 }, scale: { lo: 1, hi: 5 } });
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
  ]);
});

it('refuses settings that are damaged', () => {
  expect(() => decodeStoredSettings(new Uint8Array([1, 2, 3]))).toThrow(/no JSON/);
});
