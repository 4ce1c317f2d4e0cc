/** Records of networks for people. */
import type { ModelRecord, VersionNote } from '../../ports/models.ts';
import { renderTable } from '../table.ts';

export function listText(records: readonly ModelRecord[], nowMs: number): string {
  const known = records.filter(
    ({ versions, events, training, request }) =>
      versions.length + events.length > 0 || training !== null || request !== null,
  );
  if (known.length === 0) return 'No network was trained here yet.\n';
  const rows = known.map((record) => [
    record.kind,
    record.serving ?? '-',
    record.shadow === null ? '-' : `${record.shadow.version} (${record.shadow.as})`,
    heldOutOf(record.versions.find(({ version }) => version === record.serving)),
    trainingOf(record),
    lastEventOf(record, nowMs),
  ]);
  return renderTable({ head: ['network', 'serves', 'in its shadow', 'held-out RMSE', 'training', 'last'], rows });
}

export function showText(record: ModelRecord): string {
  const { kind, serving, former, shadow, versions, events } = record;
  const lines = [
    `${kind}: ${serving === null ? 'nothing serves' : `${serving} serves`}`,
    ...(shadow === null
      ? []
      : [`in its shadow: ${shadow.version}, ${shadow.as === 'candidate' ? 'a candidate' : 'which served before'}`]),
    ...(former === null ? [] : [`a roll-back brings back ${former}`]),
    ...(trainingOf(record) === '-' ? [] : [`training: ${trainingOf(record)}`]),
  ];
  const kept = renderTable({
    head: ['version', 'ratings', 'epochs', 'seconds', 'on', 'held-out RMSE', 'against', 'bytes'],
    rows: versions.map((note) => [
      note.version,
      note.ratings,
      note.epochs,
      note.trainSeconds.toFixed(1),
      note.backend,
      note.heldOut.rmse.toFixed(4),
      `${note.heldOut.againstRmse.toFixed(4)} of ${note.heldOut.against ?? 'the biases'}`,
      note.sizeBytes,
    ]),
  });
  const told = renderTable({
    head: ['when', 'what', 'version', 'why'],
    rows: events.map(({ atMs, outcome, version, reason }) => [dateOf(atMs), outcome, version ?? '-', reason]),
  });
  return `${lines.join('\n')}\n${versions.length === 0 ? '' : kept}${events.length === 0 ? '' : told}`;
}

const heldOutOf = (note: VersionNote | undefined): string =>
  note === undefined ? '-' : `${note.heldOut.rmse.toFixed(4)} (${note.heldOut.againstRmse.toFixed(4)} before)`;

function trainingOf({ training, request }: ModelRecord): string {
  if (training === null) return request === null ? '-' : 'asked for';
  const { stage, epoch, epochs, heldOutRmse, examplesPerSecond, leftSeconds } = training.progress;
  if (stage !== 'training') return stage;
  const speed = examplesPerSecond === null ? '' : `, ${Math.round(examplesPerSecond)} ratings/s`;
  const error = heldOutRmse === null ? '' : `, RMSE ${heldOutRmse.toFixed(4)}`;
  const left = leftSeconds === null ? '' : `, ${Math.ceil(leftSeconds)} s left at most`;
  return `epoch ${epoch} of ${epochs}${error}${speed}${left}`;
}

function lastEventOf({ events }: ModelRecord, nowMs: number): string {
  const last = events.at(-1);
  if (last === undefined) return '-';
  const seconds = Math.max(0, (nowMs - last.atMs) / 1000);
  const ago =
    seconds < 120
      ? `${Math.round(seconds)} s`
      : seconds < 7200
        ? `${Math.round(seconds / 60)} min`
        : `${Math.round(seconds / 3600)} h`;
  return `${last.outcome} ${ago} ago`;
}

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 19);
