/** `freshet replay`: publishes a file's ratings, into a data folder or to a running worker. */
import { renderReplay, type ReplayReport } from './replay/report.ts';
import { ratingEntries, type SendingPlan } from './replay/entries.ts';
import { isDataFolder, withView } from './folder.ts';
import { defineCommand } from './command.ts';
import { learnerSettings, learnerSettingsOf } from './learner-settings.ts';
import { loadRatings, ratingsSettings } from './ratings-settings.ts';
import { settingsIn } from './stored-settings.ts';
import { folderOrWorker, oneTarget } from './worker-client.ts';

export const replay = defineCommand({
  name: 'replay',
  summary: "publish a file's ratings, in time order, to a data folder or a running worker",
  positionals: {},
  settings: {
    ratings: { type: 'text', unit: 'file', required: true, doc: 'File with the ratings.' },
    ...folderOrWorker,
    rate: {
      type: 'number',
      min: 0.1,
      max: 10_000_000,
      unit: 'ratings/s',
      doc: 'At most so many ratings a second; as fast as they are taken when not given.',
    },
    skip: {
      type: 'integer',
      min: 0,
      default: 0,
      unit: 'ratings',
      doc: 'Leave out the first ones: go on where a replay was stopped.',
    },
    ...ratingsSettings,
    ...learnerSettings,
  },
  rules: [oneTarget],
  examples: [
    { line: 'replay --ratings ml-100k/u.data --data ./freshet-data', shows: 'Into a folder that no worker holds' },
    { line: 'replay --ratings r.csv --http http://127.0.0.1:8080 --rate 500', shows: 'To a running worker, gently' },
  ],
  async run(values, io) {
    const { data } = values;
    const known = data !== undefined && isDataFolder(data) ? await withView(data, settingsIn) : undefined;
    const { table, badLineCount } = await loadRatings(
      values.ratings,
      { ...values, scale: values.scale ?? known?.scale },
      io.stderr,
    );
    const plan: SendingPlan = { entries: ratingEntries(table, values.skip), rate: values.rate, sentCount: 0 };
    let report: ReplayReport;
    try {
      if (values.http !== undefined) {
        const { replayOverHttp } = await import('./replay/over-http.ts');
        report = await replayOverHttp(plan, values.http, values.httpToken, io);
      } else {
        const { replayIntoFolder } = await import('./replay/into-folder.ts');
        const learning = { scale: table.scale, settings: learnerSettingsOf(values) };
        report = await replayIntoFolder(plan, data ?? '', learning, io);
      }
    } catch (error) {
      const next = values.skip + plan.sentCount;
      if (next > 0) io.stderr.write(`${next} ratings are sent; go on with --skip ${next}\n`);
      throw error;
    }
    const whole = { ratings: table.ratings.length, badLines: badLineCount, ...report };
    io.stdout.write(values.json ? `${JSON.stringify(whole)}\n` : renderReplay(whole));
    return 'fine';
  },
});
