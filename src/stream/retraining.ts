/**
 * When networks are trained, and what becomes of them before they meet the stream: a trigger claims the kind, a process
 * trains it, the gate judges it on the held-out tail, and the record says what came of it. One training at a time; the
 * stream never waits for any of it.
 */
import type { NetworkKind } from '../model/networks/kinds.ts';
import { gate } from '../model/promotion.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { ModelRecord, ModelStore, ModelVersion, TrainingClaim, TrainingProgress } from '../ports/models.ts';
import type { ModelTelemetry } from '../ports/telemetry.ts';
import type { Trainer, TrainingResult } from '../ports/trainer.ts';
import {
  claimed,
  claimTimeoutMs,
  failed,
  firstProgress,
  freshRecord,
  holds,
  interrupted,
  progressed,
  trained,
  wantedVersions,
  type TrainingEnd,
} from './model-record.ts';

export interface Triggers {
  /** Trains after so many ratings since the last training; 0 never for that reason. */
  readonly everyRatings: number;
  /** And after so long, if any came; 0 never. */
  readonly everyMs: number;
}

export interface RetrainingOptions {
  readonly kinds: readonly NetworkKind[];
  readonly store: ModelStore;
  readonly trainer: Trainer;
  readonly triggers: Triggers;
  /** Ratings that the log has ever held. */
  readonly ratingsLogged: () => Promise<number>;
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry: ModelTelemetry;
  /** Names this process among trainers. */
  readonly trainerName: string;
  /** A number that no other training gets. */
  readonly drawSeed: () => number;
}

const lookMs = 500;
const claimRefreshMs = claimTimeoutMs / 6;
/** A kind rests so many times as long as its training took: it takes a quarter of one core's time at most. */
const restTimes = 3;
/** But so long at least. */
const shortestRestMs = 30_000;

export class Retraining {
  readonly #options: RetrainingOptions;
  readonly #stopLooking: () => void;
  /** By kind: no trigger but a request trains it before. Of this process: the record may be out of reach. */
  readonly #restsUntilMs = new Map<NetworkKind, number>();
  #looking: Promise<void> = Promise.resolve();
  #isLooking = false;
  #isStopping = false;

  constructor(options: RetrainingOptions) {
    this.#options = options;
    this.#stopLooking = options.clock.every(lookMs, () => {
      if (!this.#isLooking) this.#looking = this.#look();
    });
  }

  /** Ends the training under way; resolves when its process is gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopLooking();
    await this.#options.trainer.stop();
    await this.#looking;
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    const { kinds, log } = this.#options;
    try {
      for (const kind of kinds) {
        if (this.#isStopping) return;
        const reason = await this.#due(kind);
        if (reason !== null) await this.train(kind, reason);
      }
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'the models are out of reach');
    } finally {
      this.#isLooking = false;
    }
  }

  /** Why the kind is to be trained now; null when it is not. */
  async #due(kind: NetworkKind): Promise<string | null> {
    const { store, clock, triggers, ratingsLogged } = this.#options;
    const record = (await store.record(kind)) ?? freshRecord(kind);
    if (record.request !== null) return record.request.reason;
    const nowMs = clock.nowMs();
    const restsUntilMs = record.trainedAtMs + restTimes * record.trainedSeconds * 1000;
    if (nowMs < Math.max(restsUntilMs, this.#restsUntilMs.get(kind) ?? 0)) return null;
    const since = (await ratingsLogged()) - record.trainedUpTo;
    if (triggers.everyRatings > 0 && since >= triggers.everyRatings) return `${since} ratings since the last training`;
    const isLongAgo = triggers.everyMs > 0 && nowMs - record.trainedAtMs >= triggers.everyMs;
    return isLongAgo && since > 0 ? `the last training was ${triggers.everyMs / 60_000} minutes ago` : null;
  }

  /** Trains the kind now, whatever the triggers say; resolves with its record when all is said. */
  async train(kind: NetworkKind, because: string): Promise<ModelRecord | null> {
    const { store, clock, log, trainerName, drawSeed, ratingsLogged } = this.#options;
    const startMs = clock.nowMs();
    const upTo = await ratingsLogged();
    const seed = drawSeed();
    const version = versionOf(startMs, seed);
    const claim: TrainingClaim = {
      ...{ version, trainer: trainerName, startedAtMs: startMs, aliveAtMs: startMs, progress: firstProgress },
    };
    const record = await store.update(kind, (before) => claimed(before ?? freshRecord(kind), claim));
    if (record === null || !holds(record, claim)) {
      this.#restsUntilMs.set(kind, startMs + claimRefreshMs);
      log.info({ kind, trainer: record?.training?.trainer }, 'another trainer is at work on this network');
      return record;
    }
    log.info({ kind, version, because }, 'training begins');
    const result = await this.#run(kind, claim, { seed, against: record.serving });
    const seconds = (clock.nowMs() - startMs) / 1000;
    const end: TrainingEnd = { claim, atMs: clock.nowMs(), seconds, upTo };
    // A training that is not done is not lost: whoever comes next does it again.
    if (this.#isStopping && result.kind === 'failed') {
      return store.update(kind, (before) => before && interrupted(before, claim, end.atMs));
    }
    return this.#conclude(kind, end, result);
  }

  async #run(
    kind: NetworkKind,
    claim: TrainingClaim,
    { seed, against }: { readonly seed: number; readonly against: ModelVersion | null },
  ): Promise<TrainingResult> {
    const { store, clock, trainer, telemetry, log } = this.#options;
    let latest: TrainingProgress = claim.progress;
    let told: TrainingProgress | null = null;
    let toldMs = clock.monotonicMs();
    let telling: Promise<unknown> = Promise.resolve();
    const tell = (): void => {
      const nowMs = clock.monotonicMs();
      if (nowMs - toldMs < (told?.stage === latest.stage ? claimRefreshMs : 1000)) return;
      told = latest;
      toldMs = nowMs;
      telling = store
        .update(kind, (record) => record && progressed(record, claim, latest, clock.nowMs()))
        .catch(() => undefined); // the end of the training is what must be told
    };
    const stopTelling = clock.every(lookMs, tell);
    try {
      return await trainer.train({ kind, version: claim.version, seed, against }, (progress) => {
        if (progress.epoch > latest.epoch && progress.stage === 'training') log.info({ kind, ...progress }, 'training');
        latest = progress;
        telemetry.training(kind, progress);
      });
    } finally {
      stopTelling();
      telemetry.training(kind, null);
      await telling;
    }
  }

  /** Stores what came of it, and says so. What serves is not touched. */
  async #conclude(kind: NetworkKind, end: TrainingEnd, result: TrainingResult): Promise<ModelRecord | null> {
    const { store, clock } = this.#options;
    this.#restsUntilMs.set(kind, clock.nowMs() + Math.max(shortestRestMs, restTimes * end.seconds * 1000));
    if (result.kind === 'failed') return this.#fail(kind, end, result.reason);
    const verdict = gate(result.measured);
    if (!verdict.isSound) return this.#fail(kind, end, verdict.reason);
    const { note, artifact } = result;
    try {
      const before = await store.record(kind);
      if (before === null || !holds(before, end.claim)) return before;
      await store.put(kind, note.version, artifact);
      const after = await store.update(kind, (record) => record && trained(record, end, note, verdict));
      await this.#tidy(kind, after);
      return after;
    } catch (error) {
      return this.#fail(kind, end, `its artifact cannot be stored: ${messageOf(error)}`);
    }
  }

  async #fail(kind: NetworkKind, end: TrainingEnd, reason: string): Promise<ModelRecord | null> {
    const { store, log, telemetry } = this.#options;
    try {
      const record = await store.update(kind, (before) => before && failed(before, end, reason));
      await this.#tidy(kind, record);
      return record;
    } catch (error) {
      // The record cannot say it, so the log and the metric do.
      log.error({ kind, reason, unsaid: messageOf(error) }, 'training failed');
      telemetry.modelEvent(kind, 'failed');
      return null;
    }
  }

  /** What a trainer that died left half-written goes as well. */
  async #tidy(kind: NetworkKind, record: ModelRecord | null): Promise<void> {
    if (record !== null) await this.#options.store.prune(kind, wantedVersions(record));
  }
}

const versionOf = (atMs: number, seed: number): ModelVersion =>
  `${new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '')}-${seed.toString(36).padStart(6, '0')}`;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
