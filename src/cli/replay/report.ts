import type { ExpertError } from '../../ports/telemetry.ts';
import { renderTable } from '../table.ts';

export interface ReplayReport {
  /** Ratings that were sent, whatever became of them. */
  readonly sent: number;
  /** Taken into the log. */
  readonly accepted: number;
  /** Not taken, by the code of the reason. */
  readonly rejected: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly ratingsPerSecond: number;
  /** Folder: learned now, and taken in before by their event id. */
  readonly learned?: number;
  readonly duplicates?: number;
  /** Folder: the errors so far, of all that the folder has learned and of its last ratings. */
  readonly experts?: readonly ExpertError[];
  /** Worker: requests that had to be sent again. */
  readonly repeats?: number;
}

export interface WholeReport extends ReplayReport {
  /** In the file. */
  readonly ratings: number;
  readonly badLines: number;
}

export function renderReplay(report: WholeReport): string {
  const { ratings, badLines, sent, accepted, rejected, learned, duplicates, repeats } = report;
  const why = Object.entries(report.reasons).map(([code, count]) => `${count} ${code}`);
  const rows: [string, number | string, string][] = [
    ['in the file', ratings, badLines === 0 ? '' : `and ${badLines} lines that are none`],
    ['sent', sent, `${Math.round(report.ratingsPerSecond).toLocaleString('en')} a second`],
    ['accepted', accepted, ''],
    ['refused', rejected, why.join(', ')],
  ];
  if (learned !== undefined) rows.push(['learned', learned, '']);
  if (duplicates !== undefined) rows.push(['not learned again', duplicates, 'sent before, by their event id']);
  if (repeats !== undefined) rows.push(['requests repeated', repeats, 'the worker asked for time, or was away']);
  const parts = [renderTable({ head: ['ratings', 'count', ''], rows })];
  if (report.experts !== undefined) {
    const errors = report.experts.map((e) => [e.expert, e.rmseWindow, e.maeWindow, e.rmseTotal, e.maeTotal]);
    const head = ['expert', 'RMSE lately', 'MAE lately', 'RMSE in all', 'MAE in all'];
    parts.push(renderTable({ head, rows: errors, digits: 4 }), 'lately: the last 10,000 ratings of this replay\n');
  }
  return parts.join('');
}

/** Counts what was refused, by code. */
export function countReasons(reasons: Record<string, number>, codes: Iterable<string>): void {
  for (const code of codes) reasons[code] = (reasons[code] ?? 0) + 1;
}
