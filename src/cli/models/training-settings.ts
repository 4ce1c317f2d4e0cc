/** Settings of whoever trains networks. */
import { networkKinds, type NetworkKind } from '../../model/networks/kinds.ts';
import type { Rule } from '../../config.ts';
import type { Settings, Values } from '../../setting.ts';
import { trainableKinds } from '../../train/trainers.ts';

/** What a training is made of, and its bounds. */
export const trainingSettings = {
  windowRatings: {
    type: 'integer',
    min: 1000,
    max: 100_000_000,
    default: 1_000_000,
    unit: 'ratings',
    doc: 'Networks are trained on so many of the latest ratings at most.',
  },
  windowDays: {
    type: 'number',
    min: 0.01,
    max: 36_500,
    unit: 'days',
    doc: 'And on none that is so much older than the latest one; no limit when not given.',
  },
  trainBudget: {
    type: 'integer',
    min: 1,
    max: 86_400,
    default: 600,
    unit: 's',
    doc: 'A training ends after this time with the best it has.',
  },
  trainMemoryMb: {
    type: 'integer',
    min: 64,
    max: 1_000_000,
    default: 1024,
    unit: 'MiB',
    doc: 'Memory for the objects of a training process; the window and the network come on top.',
  },
} as const satisfies Settings;

/** When networks are trained, by a worker that does so. */
export const retrainingSettings = {
  train: {
    type: 'list',
    doc: `Networks that are trained, of ${networkKinds.join(', ')}; all that this version can train and serve when not given, none for "none".`,
  },
  trainEveryRatings: {
    type: 'integer',
    min: 0,
    default: 50_000,
    unit: 'ratings',
    doc: 'A network is trained after so many ratings since its last training; 0 never for that reason.',
  },
  trainEveryMinutes: {
    type: 'number',
    min: 0,
    default: 0,
    unit: 'minutes',
    doc: 'And after so long since its last training, if any rating came; 0 never for that reason.',
  },
  ...trainingSettings,
} as const satisfies Settings;

export const trainRule: Rule<Pick<typeof retrainingSettings, 'train'>> = {
  needs: ['train'],
  problem({ train }) {
    if (train === undefined || train.join() === 'none') return undefined;
    const unknown = train.filter((name) => !trainableKinds.some((kind) => kind === name));
    if (unknown.length === 0) return undefined;
    return `--train names ${unknown.join(', ')}, which this version does not train; it trains ${trainableKinds.join(', ')}, or none`;
  },
};

export function kindsOf({ train }: Pick<Values<typeof retrainingSettings>, 'train'>): readonly NetworkKind[] {
  return train === undefined ? trainableKinds : trainableKinds.filter((kind) => train.includes(kind));
}
