/** The holdout protocol as the command has it: its settings, its parts of files, and its table. */
import { systemClock } from '../../adapters/system/clock.ts';
import { createKernel } from '../../kernel/choose.ts';
import type { NetworkKind } from '../../model/networks/kinds.ts';
import type { RatingsTable } from '../../ports/ratings-table.ts';
import type { Settings, Values } from '../../setting.ts';
import { splitRandomly } from '../../train/split.ts';
import { trainableKinds } from '../../train/trainers.ts';
import { lastOfEachPair, windowOf, windowsOver, type RatingsWindow } from '../../train/window.ts';
import type { CommandIo } from '../command.ts';
import type { kernelSetting } from '../learner-settings.ts';
import { progressBar, type Progress } from '../progress.ts';
import { renderTable } from '../table.ts';
import { trainElsewhere } from '../training/place.ts';
import { holdout, type HoldoutReport } from '../../train/holdout.ts';

export const holdoutSettings = {
  testFile: {
    type: 'text',
    unit: 'file',
    doc: 'holdout: the ratings that networks are judged by; without, a part of --ratings.',
  },
  testRatio: {
    type: 'number',
    min: 0.01,
    max: 0.5,
    doc: 'holdout: the part of --ratings, drawn at random, that networks are judged by; .1 when nothing is said.',
  },
  models: {
    type: 'list',
    default: ['all'],
    doc: `holdout and --retrain-every: which networks: ${trainableKinds.join(', ')}, or all.`,
  },
  budgetSeconds: {
    type: 'integer',
    unit: 's',
    min: 1,
    default: 600,
    doc: 'holdout and --retrain-every: how long each training may take; it gives the best that it has then.',
  },
} as const satisfies Settings;

type HoldoutValues = Values<typeof holdoutSettings> & Values<typeof kernelSetting> & { readonly seed: number };
interface RuledValues extends HoldoutValues {
  readonly protocol: string;
}

const needed = ['protocol', 'models', 'testFile', 'testRatio'] as const;

export const holdoutRules = [
  {
    needs: needed,
    problem({ protocol, models, testFile, testRatio }: RuledValues) {
      const unknown = models.filter((name) => name !== 'all' && !trainableKinds.some((kind) => kind === name));
      if (unknown.length > 0) {
        return `--models ${unknown.join(',')}: there is no such network; give some of ${trainableKinds.join(', ')}, or all`;
      }
      if (testFile !== undefined && testRatio !== undefined) return 'give --test-file or --test-ratio, not both';
      const given = [
        testFile === undefined ? [] : ['--test-file'],
        testRatio === undefined ? [] : ['--test-ratio'],
      ].flat();
      if (protocol === 'holdout' || given.length === 0) return undefined;
      return `${given.join(' and ')} belongs to --protocol holdout: give that too, or leave it out`;
    },
  },
];

/** The networks that `--models` names. */
export const kindsOf = (models: readonly string[]): NetworkKind[] =>
  trainableKinds.filter((kind) => models.includes('all') || models.includes(kind));

export async function holdoutReport(
  table: RatingsTable,
  load: (path: string) => Promise<RatingsTable>,
  values: HoldoutValues,
  { stderr, signal }: CommandIo,
): Promise<HoldoutReport> {
  const { testFile, testRatio = 0.1, models, seed, budgetSeconds } = values;
  const [train, test] = testFile === undefined ? drawn(table, testRatio, seed) : given(table, await load(testFile));
  const kinds = kindsOf(models);
  let bar: { readonly kind: NetworkKind; readonly progress: Progress } | null = null;
  const done = (): void => {
    bar?.progress.stop();
    bar = null;
  };
  const input = { train, test, scale: table.scale, kinds, seed, budgetSeconds };
  try {
    return await holdout(input, {
      trainOf: (kind) => trainElsewhere(kind),
      kernel: createKernel(values.kernel),
      clock: systemClock,
      signal,
      onProgress(kind, { epoch, epochs, epochRatio }) {
        bar ??= { kind, progress: progressBar(stderr, `train ${kind}`, 100 * epochs) };
        bar.progress.at(Math.round(100 * (epoch - 1 + epochRatio)));
      },
      onTrained: done,
    });
  } finally {
    done();
  }
}

function drawn(table: RatingsTable, ratio: number, seed: number): readonly [RatingsWindow, RatingsWindow] {
  const { rest, heldOut } = splitRandomly(windowOf(table), ratio, seed);
  return [rest, heldOut];
}

/** Both on the scale of the training file. */
function given(table: RatingsTable, test: RatingsTable): readonly [RatingsWindow, RatingsWindow] {
  const [train, heldOut] = windowsOver(table, { ...test, scale: table.scale });
  return [lastOfEachPair(train), lastOfEachPair(heldOut)];
}

export function holdoutForPeople(report: HoldoutReport): string {
  const { models, blend, baselines } = report;
  const worst = Math.max(...Object.values(baselines).map(({ rmse }) => rmse));
  const bar = (rmse: number): string => '█'.repeat(Math.max(1, Math.round((24 * rmse) / worst)));
  const rows = [
    ...Object.entries(baselines).map(([name, { rmse, mae }]) => [
      `${name} (baseline)`,
      bar(rmse),
      rmse,
      mae,
      '',
      '',
      '',
      '',
    ]),
    ...Object.entries(models).map(([name, model]) => [
      name,
      bar(model.rmse),
      ...[model.rmse, model.mae, model.precisionAt10, model.ndcgAt10],
      `${model.epochs} epochs, ${model.trainSeconds.toFixed(1)} s, ${model.backend}`,
      `${model.microsecondsPerPrediction.toFixed(2)} µs`,
    ]),
    ['blend', bar(blend.rmse), blend.rmse, blend.mae, blend.precisionAt10, blend.ndcgAt10, '', ''],
  ];
  const head = ['model', '', 'RMSE', 'MAE', 'precision@10', 'nDCG@10', 'training', 'a prediction'];
  return [
    `${report.train} ratings to learn from, ${report.test} to be judged by\n`,
    renderTable({ head, rows, digits: 4 }),
  ].join('');
}
