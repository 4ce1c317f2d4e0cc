/** Turns a learner's answer into a prediction in the user's scale. One draft a task, refilled for every rating. */
import { expertNames, type Answer } from '../model/answer.ts';
import { networkKinds } from '../model/networks/kinds.ts';
import { fromInner, unitsPerInner, type Scale } from '../model/scale.ts';
import type { Effort } from '../model/settings.ts';
import type { Prediction, PredictionEvent, Rating } from '../ports/events.ts';
import type { Offset } from '../ports/transport.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export class PredictionDraft {
  /** The experts' answers of the last event, in their usual order. */
  readonly expertAnswers = new Float64Array(expertNames.length);
  readonly #scale: Scale;
  readonly #units: number;
  #experts: Record<string, number> = {};
  #networkWeights: Record<string, number> = {};
  /** Of networkKinds: those that serve. */
  #serving: readonly number[] = [];
  readonly #parts = { mean: 0, userBias: 0, itemBias: 0, interaction: 0 };
  readonly #event: Writable<PredictionEvent>;

  constructor(scale: Scale, partition: number) {
    this.#scale = scale;
    this.#units = unitsPerInner(scale);
    this.#event = {
      userId: '',
      itemId: '',
      prediction: 0,
      low: 0,
      high: 0,
      parts: this.#parts,
      experts: this.#experts,
      networkWeights: this.#networkWeights,
      modelVersions: {},
      coldUser: true,
      coldItem: true,
      eventId: null,
      rating: null,
      ratedAtMs: 0,
      predictedAtMs: 0,
      sourcePartition: partition,
      sourceOffset: 0,
      effort: '',
    };
  }

  /** Versions of the networks that serve, by kind; the value is kept. */
  setModelVersions(versions: Readonly<Record<string, string>>): void {
    const event = this.#event;
    event.modelVersions = versions;
    event.experts = this.#experts = {};
    event.networkWeights = this.#networkWeights = {};
    this.#serving = networkKinds.flatMap((kind, index) => (kind in versions ? [index] : []));
  }

  /** The event for a rating, from the answer made before it was learned. Overwritten by the next call. */
  event(answer: Answer, rating: Rating, offset: Offset, predictedAtMs: number, effort: Effort): PredictionEvent {
    this.#fill(answer, rating.userId, rating.itemId);
    const event = this.#event;
    event.eventId = rating.eventId;
    event.rating = rating.rating;
    event.ratedAtMs = rating.ratedAtMs;
    event.predictedAtMs = predictedAtMs;
    event.sourceOffset = offset;
    event.effort = effort;
    return event;
  }

  /** A prediction to keep, for somebody who asked. */
  answerFor(answer: Answer, userId: string, itemId: string): Prediction {
    this.#fill(answer, userId, itemId);
    const { prediction, low, high, modelVersions, coldUser, coldItem } = this.#event;
    const parts = { ...this.#parts };
    const experts = { ...this.#experts };
    const networkWeights = { ...this.#networkWeights };
    const known = { userId, itemId, prediction, low, high, parts, experts, networkWeights };
    return { ...known, modelVersions, coldUser, coldItem };
  }

  #fill(answer: Answer, userId: string, itemId: string): void {
    const event = this.#event;
    event.userId = userId;
    event.itemId = itemId;
    event.prediction = fromInner(this.#scale, answer.prediction);
    event.low = Math.min(asGiven(fromInner(this.#scale, answer.low)), event.prediction);
    event.high = Math.max(asGiven(fromInner(this.#scale, answer.high)), event.prediction);
    event.coldUser = answer.coldUser;
    event.coldItem = answer.coldItem;
    for (let i = 0; i < expertNames.length; i++) {
      this.expertAnswers[i] = fromInner(this.#scale, answer.experts[i]!);
      this.#experts[expertNames[i]!] = this.expertAnswers[i]!;
    }
    if (this.#serving.length > 0) this.#fillNetworks(answer);
    this.#parts.mean = fromInner(this.#scale, answer.mean);
    this.#parts.userBias = answer.userBias * this.#units;
    this.#parts.itemBias = answer.itemBias * this.#units;
    this.#parts.interaction = answer.interaction * this.#units;
  }

  #fillNetworks({ online, networks, networkWeights }: Answer): void {
    this.#experts['online'] = fromInner(this.#scale, online);
    for (const index of this.#serving) {
      const kind = networkKinds[index]!;
      this.#experts[kind] = fromInner(this.#scale, networks[index]!);
      this.#networkWeights[kind] = networkWeights[index]!;
    }
  }
}

/** Ends of intervals are ratings that people gave: without what sums and scales add behind the ninth decimal. */
const asGiven = (value: number): number => Math.round(value * 1e9) / 1e9;
