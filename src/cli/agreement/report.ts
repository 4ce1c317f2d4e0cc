/** An agreement for people: a table, and in words whether continuous learning has drifted. */
import type { Agreement, ExpertAgreement } from '../../train/agreement.ts';
import { renderTable } from '../table.ts';

/** What a running system published about the same ratings. */
export interface Published {
  readonly ratings: number;
  /** Root mean square errors by expert, in the user's scale. */
  readonly experts: Readonly<Record<string, number>>;
}

export function agreementForPeople(report: Agreement & { readonly published?: Published | undefined }): string {
  const { topItems, published } = report;
  const rows = Object.entries(report.experts).map(([name, expert]) => [
    ...[name, expert.apartRmse],
    ...[expert.rankCorrelation?.toFixed(2) ?? '-', expert.inBothLists?.toFixed(1) ?? '-'],
    ...[expert.onlineRmse, expert.scratchRmse, differenceOf(expert)],
    ...(published === undefined ? [] : [published.experts[name] ?? '-']),
  ]);
  const head = [
    'expert',
    'apart',
    `order of top ${topItems}`,
    'in both',
    'RMSE online',
    'from scratch',
    'learning online is',
    ...(published === undefined ? [] : ['as published']),
  ];
  return [
    `${report.seen} ratings learned one by one, and again from scratch in many passes; then both were asked about the ${report.next} that came next, `,
    `and for the best ${topItems} items of ${report.topUsers} users\n`,
    renderTable({ head, rows, digits: 4 }),
    `${saidOf(report)}\n`,
  ].join('');
}

/** In a sentence or two: whether the published prediction has drifted. */
export function saidOf({ experts, hasDrifted }: Agreement): string {
  const published = Object.values(experts).at(-1);
  if (published === undefined) return '';
  const apart = `The published prediction is apart from training from scratch by ${published.apartRmse.toFixed(4)}; on what came next continuous learning is ${differenceOf(published)}.`;
  return hasDrifted
    ? `${apart} It has drifted: replay the ratings into a new data folder or under another --app (freshet replay), and train the networks anew (freshet models train KIND).`
    : `${apart} It has not drifted.`;
}

function differenceOf({ onlineRmse, scratchRmse, verdict }: ExpertAgreement): string {
  const gain = scratchRmse - onlineRmse;
  if (gain === 0) return 'equally good';
  const size = `${Math.abs(gain).toFixed(4)} (${((100 * Math.abs(gain)) / scratchRmse).toFixed(1)} %)`;
  return `${gain > 0 ? 'better' : 'worse'} by ${size}${verdict === 'alike' ? ', perhaps by chance' : ''}`;
}
