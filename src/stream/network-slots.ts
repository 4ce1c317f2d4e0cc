/**
 * Which networks answer in this worker: those that the records of their kinds name. A task gets the new ones between two of
 * its checkpoints, so that every prediction of a batch, and of the same batch processed again, was made by the same ones.
 * How they do is looked at from time to time, and judged: the record then says what follows, and every worker follows it.
 */
import { ArtifactError, CorruptStateError } from '../errors.ts';
import { sumOf } from '../model/confidence.ts';
import { Drift } from '../model/drift.ts';
import { networkKinds, type NetworkKind } from '../model/networks/kinds.ts';
import type { Network } from '../model/networks/network.ts';
import { candidateVerdict, formerVerdict, promotionRule, type PromotionRule } from '../model/promotion.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { ModelRecord, ModelStore, ModelVersion } from '../ports/models.ts';
import type { ModelTelemetry, NetworkStats } from '../ports/telemetry.ts';
import { promoted, refused, released, requested, rolledBack, unusable } from './model-record.ts';
import type { Task, Tasks } from './task.ts';

export interface NetworkSlotsOptions {
  readonly store: ModelStore;
  /** Throws ArtifactError when it cannot serve. */
  readonly networkOf: (artifact: Uint8Array) => Network | Promise<Network>;
  readonly rule?: PromotionRule;
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry: Pick<ModelTelemetry, 'swapped'>;
  readonly tasks: Tasks;
}

/** What answers for a kind, or is to. */
interface Place {
  readonly serving: Network | null;
  readonly shadow: Network | null;
  readonly as: 'candidate' | 'former' | null;
  readonly trainedAtMs: number | null;
  /** Of what serves; a new one for every network. */
  readonly drift: Drift;
}

const emptyPlace = (): Place => ({ serving: null, shadow: null, as: null, trainedAtMs: null, drift: new Drift() });

const judgeMs = 500;
/** A record that could not be followed is tried again. */
const retryMs = 2000;

export class NetworkSlots {
  readonly #options: NetworkSlotsOptions;
  readonly #places = new Map<NetworkKind, Place>();
  /** Of each task: what it has, by kind. */
  readonly #installed = new Map<Task, Map<NetworkKind, Place>>();
  #versions: Readonly<Record<string, ModelVersion>> = {};
  readonly #behind = new Set<NetworkKind>();
  readonly #stops: (() => void)[] = [];
  #following: Promise<void> = Promise.resolve();
  #judging: Promise<void> = Promise.resolve();
  #isJudging = false;
  #isStopping = false;

  constructor(options: NetworkSlotsOptions) {
    this.#options = options;
  }

  /** Loads what the records name, and follows them from now on. Whatever cannot be loaded is tried again. */
  async start(): Promise<void> {
    const { store, clock } = this.#options;
    const follow = (kind: NetworkKind): void => {
      this.#following = this.#following.then(() => this.#follow(kind));
    };
    this.#stops.push(store.watch(follow));
    for (const kind of networkKinds) follow(kind);
    await this.#following;
    this.#stops.push(
      clock.every(judgeMs, () => {
        if (!this.#isJudging) this.#judging = this.#judge();
      }),
      clock.every(retryMs, () => {
        for (const kind of [...this.#behind]) follow(kind);
      }),
    );
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const stop of this.#stops) stop();
    await Promise.all([this.#following, this.#judging]);
  }

  /** Gives the task the networks as they are now. Between two checkpoints, in the task's turn. */
  install(task: Task): void {
    const installed = this.#installed.get(task) ?? new Map<NetworkKind, Place>();
    if (!this.#installed.has(task) && this.#places.size === 0) return;
    const { learner, live } = task;
    let isChanged = false;
    for (const [kind, place] of this.#places) {
      if (installed.get(kind) === place) continue;
      const former = installed.get(kind);
      const index = networkKinds.indexOf(kind);
      installed.set(kind, place);
      isChanged = true;
      if (former?.serving !== place.serving) learner.setNetwork(kind, 'serving', place.serving);
      if (former?.shadow !== place.shadow) learner.setNetwork(kind, 'shadow', place.shadow);
      if (place.serving === null && place.shadow === null) live.end(index);
      else live.begin(index, place.drift);
    }
    this.#installed.set(task, installed);
    if (!isChanged) return;
    task.draft.setModelVersions(this.#versions);
    this.#options.telemetry.swapped();
  }

  /** The task is gone. */
  drop(task: Task): void {
    this.#installed.delete(task);
  }

  stats(): NetworkStats[] {
    return [...this.#places].flatMap(([kind, { serving, shadow, trainedAtMs }]) => {
      const of = (role: 'serving' | 'shadow', network: Network | null): NetworkStats[] => {
        if (network === null) return [];
        let ratings = 0;
        let squared = 0;
        const weights = { sum: 0, ratings: 0 };
        const index = networkKinds.indexOf(kind);
        for (const { live } of this.#options.tasks.values()) {
          const errors = live.errorsOf(index, role);
          ratings += errors?.ratings ?? 0;
          squared += errors?.squared ?? 0;
          weights.sum += live.weightsOf(index)?.sum ?? 0;
          weights.ratings += live.weightsOf(index)?.ratings ?? 0;
        }
        const weight = role === 'shadow' || weights.ratings === 0 ? null : weights.sum / weights.ratings;
        const rmse = Math.sqrt(squared / ratings);
        const ageMs = role === 'shadow' || trainedAtMs === null ? null : this.#options.clock.nowMs() - trainedAtMs;
        return [{ kind, role, version: network.version, ratings, rmse, ageMs, weight }];
      };
      return [...of('serving', serving), ...of('shadow', shadow)];
    });
  }

  async #follow(kind: NetworkKind): Promise<void> {
    const { store, log } = this.#options;
    if (this.#isStopping) return;
    try {
      const record = await store.record(kind);
      const before = this.#places.get(kind) ?? emptyPlace();
      const serving = await this.#networkOf(kind, record?.serving ?? null, before);
      const shadow = await this.#networkOf(kind, record?.shadow?.version ?? null, before);
      // The record says by now what is to answer instead: until that is here, what answered goes on.
      if (serving === 'unusable' || shadow === 'unusable') return void this.#behind.add(kind);
      this.#behind.delete(kind);
      const as = record?.shadow?.as ?? null;
      if (serving === before.serving && shadow === before.shadow && as === before.as) return;
      const drift = serving === before.serving ? before.drift : new Drift();
      const note = record?.versions.find(({ version }) => version === serving?.version);
      this.#places.set(kind, { serving, shadow, as, drift, trainedAtMs: note?.trainedAtMs ?? null });
      const serves = [...this.#places].flatMap(([name, place]) =>
        place.serving ? [[name, place.serving.version]] : [],
      );
      this.#versions = Object.freeze(Object.fromEntries(serves) as Record<string, ModelVersion>);
      this.#release(kind, before);
    } catch (error) {
      this.#behind.add(kind);
      log.warn({ kind, reason: messageOf(error) }, 'the networks in use are not the ones that are wanted');
    }
  }

  /** The network of a version, null for none. The record is told of one that cannot be used. */
  async #networkOf(
    kind: NetworkKind,
    version: ModelVersion | null,
    { serving, shadow }: Place,
  ): Promise<Network | 'unusable' | null> {
    if (version === null) return null;
    if (serving?.version === version) return serving;
    if (shadow?.version === version) return shadow;
    const { store, networkOf, clock } = this.#options;
    try {
      const artifact = await store.artifact(kind, version);
      if (artifact === undefined) throw new ArtifactError(`The artifact of version ${version} is not there.`);
      await clock.breathe();
      const network = await networkOf(artifact);
      if (network.kind === kind) return network;
      network.release();
      throw new ArtifactError(`The artifact of version ${version} is that of a ${network.kind} network.`);
    } catch (error) {
      if (!(error instanceof ArtifactError) && !(error instanceof CorruptStateError)) throw error;
      await store.update(kind, (record) => record && unusable(record, version, clock.nowMs(), error.message));
      return 'unusable';
    }
  }

  /** Networks that are in no place any more go once no task has them. */
  #release(kind: NetworkKind, former: Place): void {
    const { clock } = this.#options;
    for (const network of [former.serving, former.shadow]) {
      if (network === null) continue;
      const isUsed = (place: Place | undefined): boolean => place?.serving === network || place?.shadow === network;
      if (isUsed(this.#places.get(kind))) continue;
      const stop = clock.every(judgeMs, () => {
        if ([...this.#installed.values()].some((installed) => isUsed(installed.get(kind)))) return;
        stop();
        if (!isUsed(this.#places.get(kind))) network.release();
      });
      this.#stops.push(stop);
    }
  }

  async #judge(): Promise<void> {
    this.#isJudging = true;
    try {
      for (const [kind, place] of this.#places) {
        if (place.shadow !== null) await this.#judgeShadow(kind, place, place.shadow.version);
        if (place.drift.hasDrifted) await this.#askAnew(kind, place);
      }
    } catch (error) {
      this.#options.log.warn({ reason: messageOf(error) }, 'a judgement about a network could not be stored');
    } finally {
      this.#isJudging = false;
    }
  }

  async #judgeShadow(kind: NetworkKind, place: Place, version: ModelVersion): Promise<void> {
    const { tasks, store, clock, rule = promotionRule } = this.#options;
    const index = networkKinds.indexOf(kind);
    const parts = [...tasks.values()]
      .filter((task) => this.#installed.get(task)?.get(kind) === place)
      .flatMap((task) => task.live.differencesOf(index) ?? []);
    const differences = sumOf(parts);
    const verdict =
      place.as === 'candidate'
        ? candidateVerdict(differences, place.serving !== null, rule)
        : formerVerdict(differences, rule);
    if (verdict.kind === 'wait') return;
    const { reason } = verdict;
    const change = (record: ModelRecord): ModelRecord | null => {
      // Somebody else was quicker, or it was about other versions.
      if (record.shadow?.version !== version || record.shadow.as !== place.as) return null;
      if (record.serving !== (place.serving?.version ?? null)) return null;
      const nowMs = clock.nowMs();
      if (place.as === 'candidate') {
        return verdict.kind === 'first'
          ? promoted(record, version, nowMs, reason)
          : refused(record, version, nowMs, reason);
      }
      return verdict.kind === 'first' ? rolledBack(record, nowMs, reason) : released(record, version);
    };
    await store.update(kind, (record) => record && change(record));
  }

  async #askAnew(kind: NetworkKind, place: Place): Promise<void> {
    const { store, clock } = this.#options;
    await store.update(kind, (record) =>
      record && (record.request ?? record.training) === null
        ? requested(record, clock.nowMs(), 'its live error has grown beside that of the biases')
        : null,
    );
    // Once for each network: should it not get better by a training, it would be asked for again and again.
    this.#places.set(kind, { ...place, drift: new Drift() });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
