/** `freshet evaluate`: how well a file of ratings is predicted: by the learner as it lives, or by networks on a split. */
import type { RatingsTable } from '../ports/ratings-table.ts';
import { agreementForPeople, saidOf } from './agreement/report.ts';
import { defineCommand } from './command.ts';
import { agreementReport } from './evaluate/agreement.ts';
import { holdoutForPeople, holdoutReport, holdoutRules, holdoutSettings } from './evaluate/holdout-command.ts';
import { prequentialForPeople, prequentialReport } from './evaluate/prequential.ts';
import { retrainingSettings } from './evaluate/retraining.ts';
import { kernelSetting, learnerSettings } from './learner-settings.ts';
import { loadRatings, ratingsSettings } from './ratings-settings.ts';

export const evaluate = defineCommand({
  name: 'evaluate',
  summary: 'predict the ratings of a file, and tell the error',
  positionals: {},
  settings: {
    ratings: { type: 'text', unit: 'file', required: true, doc: 'File with the ratings.' },
    protocol: {
      type: 'choice',
      choices: ['prequential', 'holdout', 'agreement'],
      default: 'prequential',
      doc: 'prequential: each rating in time order is predicted, then learned; holdout: networks are trained on one part and judged by another; agreement: how far learning one by one and training from scratch on the same ratings are apart.',
    },
    ...ratingsSettings,
    ...learnerSettings,
    ...kernelSetting,
    ...retrainingSettings,
    ...holdoutSettings,
  },
  rules: holdoutRules,
  examples: [
    { line: 'evaluate --ratings u.data', shows: 'The error of every expert on MovieLens 100K' },
    {
      line: 'evaluate --ratings my.csv --columns user=customer,item=sku,rating=stars --json',
      shows: 'Own columns, for machines',
    },
    {
      line: 'evaluate --ratings u.data --retrain-every 20000 --models embedding',
      shows: 'The same, with a network that is trained anew on all that came before',
    },
    {
      line: 'evaluate --protocol holdout --ratings u1.base --test-file u1.test --models deep,residual',
      shows: 'Two networks, trained on one file and judged by another',
    },
    {
      line: 'evaluate --protocol agreement --ratings u.data',
      shows: 'Whether learning one by one has drifted from what training from scratch would make of the same ratings',
    },
  ],
  async run(values, io) {
    const load = async (path: string): Promise<RatingsTable> => (await loadRatings(path, values, io.stderr)).table;
    const table = await load(values.ratings);
    if (values.protocol === 'prequential') {
      const report = await prequentialReport(table, values, io);
      io.stdout.write(values.json ? `${JSON.stringify(report)}\n` : prequentialForPeople(report));
      return 'fine';
    }
    if (values.protocol === 'agreement') {
      const report = await agreementReport(table, values, io);
      const said = { ...report, says: saidOf(report) };
      io.stdout.write(values.json ? `${JSON.stringify(said)}\n` : agreementForPeople(report));
      return 'fine';
    }
    const report = await holdoutReport(table, load, values, io);
    io.stdout.write(values.json ? `${JSON.stringify(report)}\n` : holdoutForPeople(report));
    return 'fine';
  },
});
