/**
 * Where networks are trained for a command: on the native library in a process of its own when one is linked, on the
 * WebAssembly backend in a thread otherwise. Both end with the training, and give their memory back.
 */
import { fork } from 'node:child_process';
import { availableParallelism, constants, setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { processEnvironment } from '../../config.ts';
import { linkedNative } from '../../adapters/tensorflow/load-native.ts';
import { TrainingFailedError } from '../../errors.ts';
import type { NetworkKind } from '../../model/networks/kinds.ts';
import type { Train, Trained } from '../../train/trained.ts';
import type { TrainingJob, TrainingReply } from './messages.ts';

export const trainingBackends = ['native', 'wasm'] as const;
export type TrainingBackend = (typeof trainingBackends)[number];

/** Kinds that TensorFlow trains; the others have kernels of their own, and a thread. */
const onTensorFlow: readonly NetworkKind[] = ['embedding', 'deep', 'residual'];

export function bestBackend(kind: NetworkKind): TrainingBackend {
  return onTensorFlow.includes(kind) && linkedNative() !== null ? 'native' : 'wasm';
}

/** A training of this kind somewhere else: the calling thread stays free. */
export const trainElsewhere =
  (kind: NetworkKind, backend: TrainingBackend = bestBackend(kind)): Train =>
  (train, validation, { seed, budgetSeconds, hyper, signal, onProgress }) => {
    const options = hyper === undefined ? { seed, budgetSeconds } : { seed, budgetSeconds, hyper };
    const job = { kind, train, validation, options };
    return new Promise<Trained>((resolve, reject) => {
      signal?.throwIfAborted();
      const place = backend === 'native' ? inProcess(job) : inThread(job);
      const end = (settle: () => void): void => {
        signal?.removeEventListener('abort', abort);
        place.end();
        settle();
      };
      const abort = (): void => end(() => reject(signal?.reason as Error));
      signal?.addEventListener('abort', abort);
      place.onReply((reply) => {
        if (reply.is === 'progress') onProgress?.(reply.progress);
        else if (reply.is === 'trained') end(() => resolve(reply.trained));
        else end(() => reject(failure(kind, reply.message, reply.isOurs ? undefined : reply.stack)));
      });
      place.onLost((why) => end(() => reject(failure(kind, `its ${place.name} ended: ${why}`, undefined))));
    });
  };

interface Place {
  readonly name: string;
  onReply(listener: (reply: TrainingReply) => void): void;
  /** It ended, or could not begin. */
  onLost(listener: (why: string) => void): void;
  end(): void;
}

function inThread(job: TrainingJob): Place {
  const thread = new Worker(new URL('./thread.js', import.meta.url), { workerData: job });
  return {
    name: 'thread',
    onReply: (listener) => void thread.on('message', listener),
    onLost(listener) {
      thread.on('error', (error) => listener(error.message));
      thread.on('exit', (code) => listener(`exit code ${code}`));
    },
    end: () => void thread.terminate(),
  };
}

function inProcess(job: TrainingJob): Place {
  // One processor is the stream's.
  const threads = String(Math.max(1, availableParallelism() - 1));
  const child = fork(new URL('./child.js', import.meta.url), {
    serialization: 'advanced',
    // What TensorFlow.js uses of Node is not for whoever trains to mend.
    execArgv: ['--no-deprecation'],
    env: {
      ...processEnvironment(),
      TF_CPP_MIN_LOG_LEVEL: '2',
      TF_NUM_INTRAOP_THREADS: threads,
      TF_NUM_INTEROP_THREADS: threads,
    },
  });
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  child.send(job);
  return {
    name: 'process',
    onReply: (listener) => void child.on('message', listener),
    onLost(listener) {
      child.on('error', (error) => listener(error.message));
      child.on('exit', (code, signal) => listener(signal ?? `exit code ${code ?? 'none'}`));
    },
    end: () => void child.kill('SIGKILL'),
  };
}

const failure = (kind: NetworkKind, reason: string, stack: string | undefined): TrainingFailedError =>
  new TrainingFailedError(`training ${kind} failed: ${reason}`, { kind }, stack);
