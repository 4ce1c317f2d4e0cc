/** Workers that are started again whenever they were killed, and that may not end for any other reason. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryRun, type RunningWorker } from '../integration/running-worker.ts';
import { until } from '../support/kafka/until.ts';
import type { Random } from './random.ts';

export interface CrewOptions {
  readonly size: number;
  /** Flags of `freshet run`. */
  readonly flags: readonly string[];
  readonly random: Random;
  /** True when no broker could be reached at some time since then: a worker that cannot begin says so and ends. */
  readonly brokersWereAway?: (sinceMs: number) => boolean;
  /** A worker that was asked to stop must be gone after this long. */
  readonly graceMs?: number;
}

export interface Crew {
  /** Those that serve now. */
  workers(): readonly RunningWorker[];
  /** Resolves when all serve. */
  complete(): Promise<void>;
  /** Ends one by chance; it is started again as soon as it is gone. Resolves when it has been signalled. */
  strike(signal: 'SIGKILL' | 'SIGTERM'): Promise<RunningWorker>;
  /** Ends the given one in the same way; resolves when it is gone. */
  end(worker: RunningWorker, signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** What no worker may do: ended by itself, did not start, took too long to stop, failed at it. */
  readonly problems: string[];
  /** Stops all, nothing is started again. */
  close(): Promise<void>;
}

const linesKept = 40;

export function createCrew(options: CrewOptions): Crew {
  const { size, flags, random, graceMs = 20_000 } = options;
  const problems: string[] = [];
  const alive = new Set<RunningWorker>();
  /** Signalled by us. */
  const doomed = new Set<RunningWorker>();
  const ending = new Set<Promise<void>>();
  /** What those that do not serve yet have logged. */
  const starting = new Map<string, readonly string[]>();
  let count = 0;
  let closing = false;

  async function launch(): Promise<void> {
    const name = `worker-${++count}`;
    const lines: string[] = [];
    starting.set(name, lines);
    const startMs = performance.now();
    const started = await tryRun(flags, {
      onLine: (line) => {
        lines.push(line);
        if (lines.length > linesKept) lines.shift();
        const folder = process.env.FRESHET_FIRE_LOGS;
        if (folder !== undefined) appendFileSync(join(folder, `${name}.log`), `${line}\n`);
      },
    });
    starting.delete(name);
    if (closing) {
      if (started.kind === 'ready') started.worker.kill('SIGKILL');
      return;
    }
    if (started.kind === 'ended') {
      if (options.brokersWereAway?.(startMs) === true) return launch();
      problems.push(`${name} did not start: ${started.code ?? started.signal} ${started.stderr}\n${lines.join('\n')}`);
      return;
    }
    const { worker } = started;
    alive.add(worker);
    void worker.exited.then(({ code, signal, stderr }) => {
      alive.delete(worker);
      if (doomed.has(worker)) return;
      problems.push(`${name} ended by itself: ${code ?? signal} ${stderr}\n${lines.join('\n')}`);
    });
  }

  async function end(worker: RunningWorker, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const startMs = performance.now();
    doomed.add(worker);
    alive.delete(worker);
    worker.kill(signal);
    const force = setTimeout(() => worker.kill('SIGKILL'), graceMs + 20_000);
    const exit = await worker.exited;
    clearTimeout(force);
    const tookMs = Math.round(performance.now() - startMs);
    if (signal === 'SIGTERM') {
      if (tookMs > graceMs) problems.push(`a worker took ${tookMs} ms to stop`);
      if (exit.code !== 0) problems.push(`a worker stopped with ${exit.code ?? exit.signal}: ${exit.stderr}`);
    }
    if (!closing) void launch();
  }

  for (let i = 0; i < size; i++) void launch();
  return {
    workers: () => [...alive],
    problems,
    end,
    async complete() {
      await until(`${size} workers serve`, () => alive.size === size || problems.length > 0, 60_000).catch(
        (error: unknown) => {
          const said = [...starting].map(([name, lines]) => `${name} does not serve yet:\n${lines.join('\n')}`);
          throw new Error([`${alive.size} of ${size} workers serve`, ...said].join('\n'), { cause: error });
        },
      );
    },
    async strike(signal) {
      await until('a worker serves', () => alive.size > 0, 60_000);
      const victim = random.pick([...alive]);
      const gone = end(victim, signal).finally(() => ending.delete(gone));
      ending.add(gone);
      return victim;
    },
    async close() {
      closing = true;
      await Promise.all([...ending, ...[...alive].map((worker) => end(worker, 'SIGTERM'))]);
    },
  };
}
