/**
 * How the record of a kind changes: each function makes of a record the one that follows it, or null when there is nothing
 * to change. Pure, so that a store may try a change again on a later record.
 *
 *   train ─▶ trained ─┬─ gate refuses ─▶ kept
 *                     └─ shadowing ─┬─ worse, or no difference ─▶ kept
 *                                   └─ better ─▶ promoted ─┬─ regression ─▶ rolled-back
 *                                                          └─ none ─▶ the former version is let go
 */
import type { NetworkKind } from '../model/networks/kinds.ts';
import type {
  ModelEvent,
  ModelOutcome,
  ModelRecord,
  ModelVersion,
  TrainingClaim,
  TrainingProgress,
  VersionNote,
} from '../ports/models.ts';

/** Versions whose artifacts are kept, beside those in use. */
export const keptVersions = 5;
const keptEvents = 50;
/** A claim that was not refreshed for so long belongs to a trainer that is gone. */
export const claimTimeoutMs = 60_000;

export const freshRecord = (kind: NetworkKind): ModelRecord => ({
  kind,
  revision: 0,
  serving: null,
  shadow: null,
  former: null,
  training: null,
  request: null,
  trainedUpTo: 0,
  trainedSeconds: 0,
  trainedAtMs: 0,
  versions: [],
  events: [],
});

export const firstProgress: TrainingProgress = {
  stage: 'reading',
  epoch: 0,
  epochs: 0,
  loss: null,
  heldOutRmse: null,
  examplesPerSecond: null,
  leftSeconds: null,
};

/** Somebody asks for a training. */
export const requested = (record: ModelRecord, atMs: number, reason: string): ModelRecord => ({
  ...record,
  request: { atMs, reason },
});

/** Null while another trainer is at work on the kind. */
export function claimed(record: ModelRecord, claim: TrainingClaim): ModelRecord | null {
  const { training } = record;
  const isTaken = training !== null && training.trainer !== claim.trainer;
  if (isTaken && claim.aliveAtMs - training.aliveAtMs < claimTimeoutMs) return null;
  return { ...record, training: claim, request: null };
}

/** Null when the claim is no longer this one's. */
export function progressed(
  record: ModelRecord,
  claim: Pick<TrainingClaim, 'version' | 'trainer'>,
  progress: TrainingProgress,
  atMs: number,
): ModelRecord | null {
  if (!holds(record, claim) || record.training === null) return null;
  return { ...record, training: { ...record.training, progress, aliveAtMs: atMs } };
}

/** The trainer stops before it is done: it is to be done again. Null when the claim is no longer this one's. */
export function interrupted(
  record: ModelRecord,
  claim: Pick<TrainingClaim, 'version' | 'trainer'>,
  atMs: number,
): ModelRecord | null {
  if (!holds(record, claim)) return null;
  return { ...record, training: null, request: { atMs, reason: 'its training was interrupted' } };
}

export const holds = ({ training }: ModelRecord, claim: Pick<TrainingClaim, 'version' | 'trainer'>): boolean =>
  training?.version === claim.version && training.trainer === claim.trainer;

export interface TrainingEnd {
  readonly claim: Pick<TrainingClaim, 'version' | 'trainer'>;
  readonly atMs: number;
  readonly seconds: number;
  /** Ratings that the log had ever held when it began. */
  readonly upTo: number;
}

/** The training came to nothing. Null when the claim is no longer this one's. */
export function failed(record: ModelRecord, end: TrainingEnd, reason: string): ModelRecord | null {
  if (!holds(record, end.claim)) return null;
  return withEvent(ended(record, end), { atMs: end.atMs, outcome: 'failed', version: null, reason });
}

/** Its artifact is stored; `gate` decides whether it shadows. Null when the claim is no longer this one's. */
export function trained(
  record: ModelRecord,
  end: TrainingEnd,
  note: VersionNote,
  gate: { readonly passes: boolean; readonly reason: string },
): ModelRecord | null {
  if (!holds(record, end.claim)) return null;
  const { version } = note;
  const { atMs } = end;
  const { rmse, againstRmse, against } = note.heldOut;
  const errors = `held-out RMSE ${rmse.toFixed(4)}, ${against === null ? 'of the biases' : `of ${against}`} ${againstRmse.toFixed(4)}`;
  const stored = withEvent(
    { ...ended(record, end), versions: [...record.versions, note] },
    {
      ...{ atMs, outcome: 'trained', version },
      reason: `${note.epochs} epochs in ${note.trainSeconds.toFixed(1)} s on ${note.backend}; ${errors}`,
    },
  );
  if (!gate.passes) return pruned(withEvent(stored, { atMs, outcome: 'kept', version, reason: gate.reason }));
  const replaced = superseded(stored, atMs, version);
  return pruned(
    withEvent(
      { ...replaced, shadow: { version, as: 'candidate' } },
      { atMs, outcome: 'shadowing', version, reason: gate.reason },
    ),
  );
}

/** The version serves, and what served is its shadow. Null when it serves already, or is not there. */
export function promoted(record: ModelRecord, version: ModelVersion, atMs: number, reason: string): ModelRecord | null {
  if (record.serving === version || !record.versions.some((note) => note.version === version)) return null;
  const { serving } = record;
  const shadow = serving === null ? null : ({ version: serving, as: 'former' } as const);
  return pruned(
    withEvent({ ...record, serving: version, former: serving, shadow }, { atMs, outcome: 'promoted', version, reason }),
  );
}

/** The candidate in the shadow is given up. Null when it is not there. */
export function refused(record: ModelRecord, version: ModelVersion, atMs: number, reason: string): ModelRecord | null {
  if (record.shadow?.version !== version || record.shadow.as !== 'candidate') return null;
  return pruned(withEvent({ ...record, shadow: null }, { atMs, outcome: 'kept', version, reason }));
}

/** The former version serves again, or nothing when there was none. Null when nothing serves. */
export function rolledBack(record: ModelRecord, atMs: number, reason: string): ModelRecord | null {
  const { serving, former } = record;
  if (serving === null) return null;
  return pruned(
    withEvent(
      { ...record, serving: former, former: null, shadow: null },
      { atMs, outcome: 'rolled-back', version: serving, reason },
    ),
  );
}

/** The former version has been in the shadow for long enough. Null when it is not there. */
export function released(record: ModelRecord, version: ModelVersion): ModelRecord | null {
  if (record.shadow?.version !== version || record.shadow.as !== 'former') return null;
  return { ...record, shadow: null };
}

/** A version that cannot be loaded predicts nothing. Null when it does not, already. */
export function unusable(record: ModelRecord, version: ModelVersion, atMs: number, reason: string): ModelRecord | null {
  const { serving, shadow, former } = record;
  if (serving !== version && shadow?.version !== version) return null;
  const without = {
    ...record,
    serving: serving === version ? former : serving,
    former: serving === version || former === version ? null : former,
    shadow: serving === version || shadow?.version === version ? null : shadow,
    versions: record.versions.filter((note) => note.version !== version),
  };
  return withEvent(without, { atMs, outcome: serving === version ? 'rolled-back' : 'failed', version, reason });
}

/** Versions whose artifacts somebody may still ask for. */
export const wantedVersions = ({ versions }: ModelRecord): ReadonlySet<ModelVersion> =>
  new Set(versions.map(({ version }) => version));

/** A candidate that a later one takes the shadow from. */
function superseded(record: ModelRecord, atMs: number, by: ModelVersion): ModelRecord {
  const { shadow } = record;
  if (shadow?.as !== 'candidate') return record;
  return withEvent(record, {
    ...{ atMs, version: shadow.version, outcome: 'kept' as const },
    reason: `${by} was trained meanwhile, and is tried instead`,
  });
}

const ended = (record: ModelRecord, { upTo, seconds, atMs }: TrainingEnd): ModelRecord => ({
  ...record,
  training: null,
  trainedUpTo: upTo,
  trainedSeconds: seconds,
  trainedAtMs: atMs,
});

const withEvent = (record: ModelRecord, event: ModelEvent): ModelRecord => ({
  ...record,
  events: [...record.events, event].slice(-keptEvents),
});

function pruned(record: ModelRecord): ModelRecord {
  const { versions, serving, former, shadow } = record;
  const inUse = new Set([serving, former, shadow?.version]);
  const surplus = versions.filter(({ version }) => !inUse.has(version)).slice(0, -keptVersions);
  return surplus.length === 0 ? record : { ...record, versions: versions.filter((note) => !surplus.includes(note)) };
}

/** Events of the later record that the earlier one has not. */
export function eventsSince(earlier: ModelRecord | null, later: ModelRecord): readonly ModelEvent[] {
  const known = new Set((earlier?.events ?? []).map(identity));
  return later.events.filter((event) => !known.has(identity(event)));
}

const identity = ({ atMs, outcome, version, reason }: ModelEvent): string =>
  JSON.stringify([atMs, outcome, version, reason] satisfies [number, ModelOutcome, ModelVersion | null, string]);
