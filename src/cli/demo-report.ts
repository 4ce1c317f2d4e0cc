/** What the demo ends with: the error of everybody, a picture of how it fell, a prediction explained, recommendations. */
import asciichart from 'asciichart';
import type { PredictionEvent } from '../ports/events.ts';
import type { RatingsTable } from '../ports/ratings-table.ts';
import type { Recommendation } from '../ports/serving.ts';
import { expertNames } from '../model/answer.ts';
import { combinedErrors } from '../stream/score.ts';
import { statsOf } from '../stream/stats.ts';
import { partitionOf } from '../stream/partition-of.ts';
import type { Worker } from '../stream/worker.ts';
import type { DemoPlace } from './demo/place.ts';
import { renderTable } from './table.ts';

/** RMSE over the last 10,000 ratings at some point of the stream. */
export interface ErrorPoint {
  readonly events: number;
  readonly mean: number;
  readonly bias: number;
  readonly factors: number;
  readonly blend: number;
  readonly optimum: number | null;
}

export interface DemoReport {
  readonly ratings: number;
  readonly users: number;
  readonly items: number;
  readonly predictions: number;
  readonly elapsedMs: number;
  readonly ratingsPerSecond: number;
  /** RMSE over the whole stream, and over its last 10,000 ratings. */
  readonly total: Readonly<Record<string, number>>;
  readonly window: Readonly<Record<string, number>>;
  readonly intervalCoverageRatio: number;
  readonly lastPrediction: PredictionEvent | null;
  readonly recommendationsFor: string;
  readonly recommendations: readonly Recommendation[];
  readonly points: readonly ErrorPoint[];
  /** Kafka: where ratings and predictions are; null in a folder that is thrown away. */
  readonly topics: Readonly<Record<string, string>> | null;
}

const windowEvents = 10_000;

export function errorsAt(
  events: number,
  worker: Worker,
  table: RatingsTable,
  expected: Float32Array | null,
): ErrorPoint {
  const scores = [...worker.tasks.values()].map((task) => task.score);
  const [mean, bias, factors, blend] = combinedErrors(expertNames, scores).map(({ rmseWindow }) => rmseWindow);
  const optimum = optimumRmse(table, expected, Math.max(0, events - windowEvents), events);
  return { events, mean: mean ?? 0, bias: bias ?? 0, factors: factors ?? 0, blend: blend ?? 0, optimum };
}

export function demoReport(
  table: RatingsTable,
  expected: Float32Array | null,
  { running: { worker, serving }, outputs, codec, partitionCount, topics }: DemoPlace,
  points: readonly ErrorPoint[],
  elapsedMs: number,
): DemoReport {
  const stats = statsOf(worker).stats();
  const n = table.ratings.length;
  const recommendationsFor = table.users[table.userIndex[n - 1] ?? 0] ?? '';
  const ends = Array.from({ length: partitionCount }, (_, partition) => outputs.end('predictions', partition));
  const lastPartition = partitionOf(Buffer.from(recommendationsFor), partitionCount);
  const last = outputs.read('predictions', lastPartition, (ends[lastPartition] ?? 0) - 1, 1)[0]?.value;
  const named = (values: readonly number[], optimum: number | null): Record<string, number> => ({
    ...Object.fromEntries(stats.experts.map(({ expert }, i) => [expert, values[i] ?? 0])),
    ...(optimum === null ? {} : { optimum }),
  });
  return {
    ratings: n,
    users: table.users.length,
    items: table.items.length,
    predictions: ends.reduce((sum, end) => sum + end, 0),
    elapsedMs,
    ratingsPerSecond: (n / elapsedMs) * 1000,
    total: named(
      stats.experts.map(({ rmseTotal }) => rmseTotal),
      optimumRmse(table, expected, 0, n),
    ),
    window: named(
      stats.experts.map(({ rmseWindow }) => rmseWindow),
      optimumRmse(table, expected, Math.max(0, n - windowEvents), n),
    ),
    intervalCoverageRatio: stats.intervalCoverageRatio,
    lastPrediction: last === undefined || last === null ? null : codec.decodePrediction(last),
    recommendationsFor,
    recommendations: serving.recommend(recommendationsFor, 5),
    points,
    topics,
  };
}

/** Error of the best possible predictions on the same ratings. */
function optimumRmse(table: RatingsTable, expected: Float32Array | null, from: number, to: number): number | null {
  if (expected === null || to <= from) return null;
  let squared = 0;
  for (let i = from; i < to; i++) squared += ((expected[i] ?? 0) - (table.ratings[i] ?? 0)) ** 2;
  return Math.sqrt(squared / (to - from));
}

const meaning: Readonly<Record<string, string>> = {
  mean: 'baseline: the mean so far',
  bias: 'baseline: mean, item bias, user level',
  factors: 'biases and factors, learned online',
  blend: 'freshet: the published prediction',
  optimum: 'the best that anybody could do: noise of known size is left',
};

export function forPeople(report: DemoReport, inColour: boolean): string {
  const rows = Object.keys(report.total).map((name) => [
    meaning[name] ?? name,
    report.total[name] ?? 0,
    report.window[name] ?? 0,
  ]);
  const { lastPrediction: last } = report;
  const parts = last?.parts;
  return [
    chart(report.points, inColour),
    `\n${report.ratings.toLocaleString('en')} ratings of ${report.users.toLocaleString('en')} users and ${report.items.toLocaleString('en')} items in, `,
    `${report.predictions.toLocaleString('en')} predictions out, in ${(report.elapsedMs / 1000).toFixed(1)} s\n\n`,
    renderTable({ head: ['RMSE of', 'whole stream', 'last 10,000'], rows, digits: 4 }),
    `${(report.intervalCoverageRatio * 100).toFixed(1)} % of the last ratings lay inside their 80 % interval.\n`,
    closeness(report),
    last && parts
      ? `\nThe last prediction: user ${last.userId}, item ${last.itemId}: ${last.prediction.toFixed(2)} (80 %: ${last.low.toFixed(2)}..${last.high.toFixed(2)}), the rating was ${String(last.rating)}.\n` +
        `It is made of mean ${parts.mean.toFixed(2)}, user ${signed(parts.userBias)}, item ${signed(parts.itemBias)}, interaction ${signed(parts.interaction)}, and the stack's correction.\n`
      : '',
    `\nFive recommendations for ${report.recommendationsFor}:\n`,
    renderTable({
      head: ['', 'item', 'predicted'],
      rows: report.recommendations.map(({ itemId, prediction }, i) => [`${i + 1}`, itemId, prediction]),
      digits: 2,
    }),
    `\n${nextStep(report)}\n`,
  ].join('');
}

function nextStep({ topics }: DemoReport): string {
  if (topics === null) {
    return 'Next: freshet run --data ./freshet-data   keeps what it learns; docs/getting-started.md shows how to feed it.';
  }
  return (
    `The ratings are in the topic ${topics['ratings'] ?? ''}, the predictions in ${topics['predictions'] ?? ''}, until the next demo.\n` +
    'Next: freshet run --brokers HOST:PORT --create-topics   on your own ratings; docs/kafka-delivery.md says what is guaranteed.'
  );
}

/** How much of the way from the better baseline to the optimum was covered, at the end. */
function closeness({ window }: DemoReport): string {
  const { bias, blend, optimum } = window;
  if (optimum === undefined || bias === undefined || blend === undefined) return '';
  const ratio = (bias - blend) / (bias - optimum);
  return `Of the way from the bias baseline to the optimum, ${(ratio * 100).toFixed(0)} % is covered.\n`;
}

const signed = (value: number): string => (value < 0 ? value.toFixed(2) : `+${value.toFixed(2)}`);

function chart(points: readonly ErrorPoint[], inColour: boolean): string {
  if (points.length < 2) return '';
  const series = [points.map(({ bias }) => bias), points.map(({ blend }) => blend)];
  const optimum = points.map((point) => point.optimum).filter((value) => value !== null);
  if (optimum.length === points.length) series.push(optimum);
  const colours = [asciichart.yellow, asciichart.lightgreen, asciichart.darkgray];
  const legend = ['bias baseline', 'freshet', ...(series.length > 2 ? ['optimum'] : [])];
  const painted = (text: string, colour: string): string => (inColour ? `${colour}${text}${asciichart.reset}` : text);
  const plot = asciichart.plot(series, { height: 10, ...(inColour ? { colors: colours } : {}) });
  return [
    `RMSE over the last 10,000 ratings (${legend.map((name, i) => painted(name, colours[i] ?? '')).join(', ')}, from above)\n`,
    `${plot}\n`,
  ].join('');
}
