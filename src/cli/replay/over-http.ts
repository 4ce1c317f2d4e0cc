/** Posts to a running worker, one batch after the other: the order of a user's ratings matters. */
import type { CommandIo } from '../command.ts';
import { progressBar } from '../progress.ts';
import { refused, workerClient, type WorkerAnswer } from '../worker-client.ts';
import { batchSizeAt, pacer, type SendingPlan } from './entries.ts';
import { countReasons, type ReplayReport } from './report.ts';

const batchSize = 1000;

export async function replayOverHttp(
  plan: SendingPlan,
  url: string,
  token: string | undefined,
  { stderr, signal }: CommandIo,
): Promise<ReplayReport> {
  const client = workerClient(url, token, signal);
  const bar = progressBar(stderr, 'send', plan.entries.count);
  const pace = pacer(plan.rate, signal);
  const reasons: Record<string, number> = {};
  let accepted = 0;
  const startMs = performance.now();
  try {
    for (const batch of plan.entries.batches(batchSizeAt(plan.rate, batchSize))) {
      await pace(batch.length);
      const lines = batch.map((entry) => JSON.stringify(entry)).join('\n');
      const answer = await client.send('POST', 'ratings', lines);
      if (!isTaken(answer)) throw refused(url, answer);
      accepted += answer.body.accepted;
      countReasons(
        reasons,
        answer.body.errors.map(({ code }) => code),
      );
      plan.sentCount += batch.length;
      bar.at(plan.sentCount);
    }
  } finally {
    bar.stop();
  }
  const seconds = (performance.now() - startMs) / 1000;
  return {
    sent: plan.sentCount,
    accepted,
    rejected: plan.sentCount - accepted,
    reasons,
    seconds,
    ratingsPerSecond: plan.sentCount / seconds,
    repeats: client.repeatCount,
  };
}

interface Taken extends WorkerAnswer {
  readonly body: { readonly accepted: number; readonly errors: readonly { readonly code: string }[] };
}

/** 400 with a list of errors: every rating of the batch was judged, and none was good. */
function isTaken(answer: WorkerAnswer): answer is Taken {
  const { errors } = (answer.body ?? {}) as { errors?: unknown };
  return answer.status === 202 || (answer.status === 400 && Array.isArray(errors));
}
