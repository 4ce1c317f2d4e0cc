/** Whoever trains: a process for each training, triggers over the log, records that say what came of it. */
import { randomInt } from 'node:crypto';
import { createChildTrainer } from '../../adapters/trainer/child-trainer.ts';
import { systemClock } from '../../adapters/system/clock.ts';
import type { LearnerSettings } from '../../model/settings.ts';
import type { Scale } from '../../model/scale.ts';
import type { Log } from '../../ports/log.ts';
import type { ModelStore } from '../../ports/models.ts';
import type { ModelTelemetry } from '../../ports/telemetry.ts';
import type { Values } from '../../setting.ts';
import { Retraining } from '../../stream/retraining.ts';
import type { mappingSettings } from '../mapping-settings.ts';
import type { TrainingPlace } from '../trainer/place.ts';
import { kindsOf, type retrainingSettings } from './training-settings.ts';

export type RetrainingValues = Values<typeof retrainingSettings> & Values<typeof mappingSettings>;

export interface RetrainingParts {
  readonly store: ModelStore;
  readonly source: TrainingPlace['source'];
  readonly scale: Scale;
  readonly settings: Pick<LearnerSettings, 'historyLimit'>;
  readonly ratingsLogged: () => Promise<number>;
  readonly log: Log;
  readonly telemetry: ModelTelemetry;
  readonly trainerName: string;
  /** Called when a training process has ended. */
  readonly onEnded?: () => void;
  /** Looks at triggers by itself; otherwise it trains when it is told to. */
  readonly isTriggered: boolean;
}

export function openRetraining(values: RetrainingValues, parts: RetrainingParts): Retraining {
  const { map, ratedAtUnit, schemas, windowRatings, windowDays = Infinity } = values;
  const { source, scale, settings, isTriggered, onEnded } = parts;
  const place: TrainingPlace = {
    ...{ source, scale, mapping: { map, ratedAtUnit, schemas } },
    limits: { ratings: windowRatings, days: windowDays },
    budgetSeconds: values.trainBudget,
    historyLimit: settings.historyLimit,
  };
  return new Retraining({
    ...parts,
    kinds: isTriggered ? kindsOf(values) : [],
    trainer: createChildTrainer({
      program: new URL('../trainer/program.js', import.meta.url),
      place,
      heapMegabytes: values.trainMemoryMb,
      ...(onEnded === undefined ? {} : { onEnded }),
    }),
    triggers: { everyRatings: values.trainEveryRatings, everyMs: values.trainEveryMinutes * 60_000 },
    clock: systemClock,
    drawSeed: () => randomInt(2 ** 31),
  });
}
