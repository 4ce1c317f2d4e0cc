/**
 * What a worker does by the clock, beside the records: checkpoints of what came, rankings, and what other workers
 * contribute to items. Each apart from the others, which may wait for a store or for brokers out of reach.
 */
import { FencedError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { Background } from './background.ts';
import type { Tasks } from './task.ts';

/** How often an eager worker looks whether it is time. */
const eagerLookMs = 5;
/** Every further task is one more small checkpoint a time: many of them write more than the ratings are. */
const extraPauseMs = 10;
const longestExtraPauseMs = 30;
/** More records than this are no slow stream: they are worth a larger checkpoint. */
const eagerLimit = 500;

export interface RoundsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Every round comes once in so long. */
  readonly checkpointMs: number;
  /**
   * While little waits, write the checkpoints as soon as the time that the last ones took has passed again, and a little
   * more where there are several tasks: a slow stream is answered at once, and a fast one in large checkpoints.
   */
  readonly isEager?: boolean;
  /** Called when the worker cannot go on. */
  readonly onFatal: (error: unknown) => void;
}

/** What there is to do. */
export interface RoundWork {
  readonly tasks: Tasks;
  checkpointAll(): Promise<void>;
  recommend(): Promise<void>;
  follow(): Promise<void>;
}

export class Rounds {
  readonly #options: RoundsOptions;
  readonly #work: RoundWork;
  readonly #checkpoints = new Background();
  readonly #rankings = new Background();
  readonly #following = new Background();
  readonly #stops: (() => void)[];
  /** Nothing of other workers is needed any more. */
  isLeaving = false;
  /** How long the last checkpoints took together, and when they ended. */
  #tookMs = 0;
  #endedMs = 0;

  constructor(options: RoundsOptions, work: RoundWork) {
    this.#options = options;
    this.#work = work;
    const { clock, checkpointMs, isEager = false } = options;
    this.#stops = [clock.every(checkpointMs, () => this.#round())];
    if (isEager && checkpointMs > eagerLookMs) this.#stops.push(clock.every(eagerLookMs, () => this.#lookEarly()));
  }

  /** Resolves when nothing is at work any more. */
  async stop(): Promise<void> {
    this.isLeaving = true;
    for (const stop of this.#stops) stop();
    await Promise.all([this.#checkpoints.ended(), this.#rankings.ended(), this.#following.ended()]);
  }

  #round(): void {
    const { onFatal } = this.#options;
    this.#checkpoint();
    this.#rankings.start(() => this.#work.recommend(), onFatal);
    this.#following.start(
      () => this.#work.follow(),
      (error) => {
        if (!this.isLeaving) onFatal(error);
      },
    );
  }

  #lookEarly(): void {
    const tasks = [...this.#work.tasks.values()];
    const pauseMs = this.#tookMs + Math.min(longestExtraPauseMs, extraPauseMs * (tasks.length - 1));
    if (this.#options.clock.monotonicMs() - this.#endedMs < pauseMs) return;
    const waiting = tasks.reduce((sum, { pendingCount }) => sum + pendingCount, 0);
    if (waiting <= eagerLimit && tasks.some(({ isDirty }) => isDirty)) this.#checkpoint();
  }

  /** One that waits for the store does not gather a queue behind it. */
  #checkpoint(): void {
    const { clock, log, onFatal } = this.#options;
    this.#checkpoints.start(
      async () => {
        const startMs = clock.monotonicMs();
        await this.#work.checkpointAll();
        this.#endedMs = clock.monotonicMs();
        this.#tookMs = this.#endedMs - startMs;
      },
      (error) => {
        if (error instanceof FencedError) log.warn({ reason: error.message }, 'checkpoint was fenced off');
        else onFatal(error);
      },
    );
  }
}
