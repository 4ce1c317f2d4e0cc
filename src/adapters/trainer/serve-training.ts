/** The other side of child-trainer.ts: what the program of a training process calls. */
import { setTimeout as wait } from 'node:timers/promises';
import { FreshetError } from '../../errors.ts';
import type { TrainingProgress } from '../../ports/models.ts';
import type { TrainingJob, TrainingResult } from '../../ports/trainer.ts';
import { pieceBytes, pieceRestMs, type TrainingMessage, type TrainingOrder } from './messages.ts';

export type RunTraining = (
  job: TrainingJob,
  place: unknown,
  onProgress: (progress: TrainingProgress) => void,
) => Promise<TrainingResult>;

/** Takes one order, does it, and ends; ends at once when whoever gave it is gone. Errors of ours are reasons, others too. */
export function serveTraining(run: RunTraining): void {
  process.on('disconnect', () => process.exit(1));
  // A terminal sends it to everybody: the worker says when to stop.
  process.on('SIGINT', () => undefined);
  process.once('message', (order: TrainingOrder) => void serve(run, order));
}

async function serve(run: RunTraining, { job, place }: TrainingOrder): Promise<void> {
  const onProgress = (progress: TrainingProgress): void => void send({ kind: 'progress', progress });
  const result = await run(job, place, onProgress).catch((error: unknown): TrainingResult => ({
    kind: 'failed',
    reason: reasonOf(error),
  }));
  if (result.kind === 'failed') await send({ kind: 'result', result });
  else {
    const { artifact, ...rest } = result;
    await send({ kind: 'size', bytes: artifact.length });
    for (let at = 0; at < artifact.length; at += pieceBytes) {
      await send({ kind: 'piece', bytes: artifact.slice(at, at + pieceBytes) });
      await wait(pieceRestMs);
    }
    await send({ kind: 'result', result: rest });
  }
  process.exit(0);
}

/** Resolves when it is handed over. */
function send(message: TrainingMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, () => resolve());
  });
}

function reasonOf(error: unknown): string {
  if (error instanceof FreshetError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
