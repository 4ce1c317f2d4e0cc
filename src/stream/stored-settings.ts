/**
 * What every stored number depends on, stored with each task: rows learned with another scale, another number of factors
 * or other initial values would be misread without anybody noticing, and with another number of partitions they would be
 * looked for in the wrong one.
 */
import { CorruptStateError, UsageError } from '../errors.ts';
import type { Scale } from '../model/scale.ts';
import type { LearnerSettings } from '../model/settings.ts';

export interface StoredSettings extends Pick<LearnerSettings, 'k' | 'seed' | 'initialDeviation' | 'historyLimit'> {
  /** Absent in what older versions stored: 0. */
  readonly sketchWidth?: number;
  readonly scale: Scale;
  readonly partitionCount: number;
}

/** The part of a worker's settings that cannot change afterwards. */
export function storedSettingsOf({ settings, scale, partitionCount }: SettingsInUse): StoredSettings {
  const { k, seed, initialDeviation, historyLimit, sketchWidth } = settings;
  return {
    scale: { lo: scale.lo, hi: scale.hi },
    partitionCount,
    k,
    seed,
    initialDeviation,
    historyLimit,
    sketchWidth,
  };
}

export interface SettingsInUse {
  readonly settings: LearnerSettings;
  readonly scale: Scale;
  readonly partitionCount: number;
}

export const encodeStoredSettings = (settings: StoredSettings): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(settings));

export function decodeStoredSettings(bytes: Uint8Array): StoredSettings {
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text) as StoredSettings;
  } catch (cause) {
    throw new CorruptStateError(
      `The stored settings are no JSON ("${text.slice(0, 80)}"); the state is damaged: restore it from a copy.`,
      {},
      cause,
    );
  }
}

/** Throws UsageError with every difference when what is stored was learned with other settings. */
export function refuseOtherSettings(stored: StoredSettings, asked: StoredSettings): void {
  const facts: readonly (readonly [name: string, stored: string | number, asked: string | number])[] = [
    ['--scale', rangeOf(stored.scale), rangeOf(asked.scale)],
    ['--seed', stored.seed, asked.seed],
    ['k', stored.k, asked.k],
    ['initialDeviation', stored.initialDeviation, asked.initialDeviation],
    ['--effort', effortsOf(stored), effortsOf(asked)],
  ];
  const problems = facts
    .filter(([, before, now]) => before !== now)
    .map(
      ([name, before, now]) =>
        `what is stored was learned with ${name} ${before} and ${now} is asked for, which would misread it; ask for ${before}, or begin with new data`,
    );
  if (stored.partitionCount !== asked.partitionCount) {
    problems.push(
      `what is stored was learned from ${stored.partitionCount} partitions of ratings and there are ${asked.partitionCount} now: ` +
        'users would be sent to other partitions than those that hold their rows; make a new topic with the number you want, replay the ratings into it and start workers with another --app',
    );
  }
  if (problems.length > 0) throw new UsageError(problems);
}

const rangeOf = ({ lo, hi }: Scale): string => `${lo}..${hi}`;

/** Efforts that keep of users and items what is kept. */
const effortsOf = ({ historyLimit, sketchWidth = 0 }: StoredSettings): string =>
  `${sketchWidth > 0 ? 'full or auto' : 'fast or balanced'} (${historyLimit} ratings of a user, sketches ${sketchWidth} wide)`;
