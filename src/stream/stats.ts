/** What a worker has done so far, read when somebody looks. */
import { expertNames } from '../model/answer.ts';
import { efforts } from '../model/settings.ts';
import type { StatsSource, WorkerStats } from '../ports/telemetry.ts';
import { combinedCoverage, combinedErrors } from './score.ts';
import type { Worker } from './worker.ts';

export function statsOf(worker: Worker): StatsSource {
  return {
    stats(): WorkerStats {
      const tasks = [...worker.tasks.values()];
      const scores = tasks.map((task) => task.score);
      return {
        partitions: tasks.map((task) => ({
          partition: task.partition,
          eventsApplied: task.counts.applied,
          eventsSkipped: task.counts.skipped,
          predictions: task.counts.predictions,
          requestsAnswered: task.counts.answered,
          recommendations: task.recommendations.published,
          recommendationsPending: task.recommendations.count,
          deadLetters: Object.fromEntries(task.counts.rejected),
          appliedOffset: task.nextOffset,
          committedOffset: task.committedOffset,
          effort: efforts.indexOf(task.learner.effort),
          eventTimeLagMs: task.counts.eventTimeLagMs,
          schemaWaitMs: worker.schemaWaitMs(task.partition),
        })),
        experts: combinedErrors(expertNames, scores),
        userRows: tasks.reduce((sum, task) => sum + task.learner.users.size, 0),
        itemRows: worker.items.size,
        usersEvicted: tasks.reduce((sum, task) => sum + task.learner.users.evictedCount, 0),
        itemsEvicted: worker.items.evictedCount,
        intervalCoverageRatio: combinedCoverage(scores),
        followLagMs: worker.followLagMs(),
      };
    },
  };
}
