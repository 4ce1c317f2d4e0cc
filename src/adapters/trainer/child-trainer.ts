/**
 * Trains in a process of its own, one for each training: what it allocated is the system's again when it ends, whatever it
 * dies of it takes nobody along, and the scheduler lets everything else go first.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { TrainingProgress } from '../../ports/models.ts';
import type { Trainer, TrainingJob, TrainingResult } from '../../ports/trainer.ts';
import type { TrainingMessage, TrainingOrder } from './messages.ts';

export interface ChildTrainerOptions {
  /** The program of the process: one that calls `serveTraining`. */
  readonly program: URL;
  /** For the program: where ratings and models are. Anything that can be cloned; it goes over a pipe, so secrets may be in it. */
  readonly place: unknown;
  /** Of its JavaScript objects; typed arrays come on top. */
  readonly heapMegabytes: number;
  /** Called when a process has ended. */
  readonly onEnded?: () => void;
}

/** Enough of what the process said last to see why it died. */
const keptErrorCharacters = 2000;

export function createChildTrainer(options: ChildTrainerOptions): Trainer {
  const { program, place, heapMegabytes, onEnded } = options;
  let child: ChildProcess | null = null;
  let ended: Promise<unknown> = Promise.resolve();
  let isStopped = false;

  function train(job: TrainingJob, onProgress: (progress: TrainingProgress) => void): Promise<TrainingResult> {
    if (isStopped) return Promise.resolve({ kind: 'failed', reason: 'the worker is stopping' });
    const training = new Promise<TrainingResult>((resolve) => {
      const process = fork(program, {
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        execArgv: [`--max-old-space-size=${heapMegabytes}`],
      });
      child = process;
      // Before it has threads, which take its priority over: what it set itself would be that of one.
      if (process.pid !== undefined) yieldToOthers(process.pid);
      let artifact = new Uint8Array(0);
      let filled = 0;
      let said = '';
      let result: TrainingResult | null = null;
      process.stderr?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-keptErrorCharacters);
      });
      process.on('message', (message: TrainingMessage) => {
        if (message.kind === 'progress') onProgress(message.progress);
        else if (message.kind === 'size') artifact = new Uint8Array(message.bytes);
        else if (message.kind === 'piece') {
          artifact.set(message.bytes, filled);
          filled += message.bytes.length;
        } else result = message.result.kind === 'failed' ? message.result : { ...message.result, artifact };
      });
      // Nothing is told before it is gone: until then its memory is not given back.
      process.on('close', (code, signal) => {
        child = null;
        onEnded?.();
        const why = isStopped ? 'the worker is stopping' : describeEnd(code, signal, said);
        resolve(result ?? { kind: 'failed', reason: why });
      });
      process.on('error', (error) => {
        result ??= { kind: 'failed', reason: `its process cannot be started: ${error.message}` };
        if (process.pid === undefined) resolve(result);
      });
      process.send({ job, place } satisfies TrainingOrder, () => undefined); // one that dies at once says so by closing
    });
    ended = training;
    return training;
  }

  return {
    train,
    async stop() {
      isStopped = true;
      child?.kill('SIGKILL');
      await ended;
    },
  };
}

/** It may be gone already. */
function yieldToOthers(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // Then it takes no time from anybody.
  }
}

function describeEnd(code: number | null, signal: NodeJS.Signals | null, said: string): string {
  if (said.includes('heap out of memory')) {
    return 'its process ran out of memory: give it more with --train-memory-mb, or train on a shorter window';
  }
  const how = signal === null ? `ended with exit code ${code ?? 'none'}` : `was ended by ${signal}`;
  const lines = said.trim().split('\n');
  const last = lines.find((line) => line.includes('Error')) ?? lines.at(-1) ?? '';
  return `its process ${how} before it was done${last === '' ? '' : ` (${last.slice(0, 200)})`}`;
}
