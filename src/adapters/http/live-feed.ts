/**
 * GET /live: what the console shows, once a second, the same for all who look. Nothing is measured, kept or read while
 * nobody does, and the stream itself does nothing for it at any time.
 */
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { NetworkKind } from '../../model/networks/kinds.ts';
import type { Log } from '../../ports/log.ts';
import type { Readiness } from '../../ports/serving.ts';
import type { NetworkStats, StatsSource } from '../../ports/telemetry.ts';
import { eventStreamHeaders } from './event-stream.ts';
import type { HttpLimits } from './limits.ts';
import { NetworkWindows, pointOf, type LivePoint } from './live-point.ts';
import { LiveSamples, type SampleSource } from './live-samples.ts';
import { HttpProblem } from './problem.ts';

export interface LiveSource extends SampleSource {
  readonly stats: StatsSource;
  /** Errors in the user's scale. */
  readonly networkStats: () => readonly NetworkStats[];
  readonly networkKinds: readonly NetworkKind[];
  readonly waiting: () => number;
  readonly readiness: () => Readiness;
  readonly scale: { readonly lo: number; readonly hi: number };
  readonly nowMs: () => number;
  readonly onOpened: () => void;
  readonly log: Log;
}

export interface LiveFeed {
  /** Answers the request with a stream that stays open. Throws HttpProblem. */
  open(request: FastifyRequest, reply: FastifyReply): void;
  endAll(): void;
}

/** Kept for those who come while others look: ten minutes. */
const pointsMaxCount = 600;
const forgottenAfterMs = 60_000;
const samplesPerTick = 10;
/** A viewer that has taken nothing for so many ticks is cut. */
const ticksUntilCut = 30;

export function createLiveFeed(source: LiveSource, limits: HttpLimits): LiveFeed {
  /** With the ticks for which they have taken nothing. */
  const viewers = new Map<ServerResponse, number>();
  const samples = new LiveSamples(source);
  const networks = new NetworkWindows();
  let points: LivePoint[] = [];
  let timer: NodeJS.Timeout | undefined;

  function tick(): void {
    try {
      const text = look();
      for (const [viewer, missed] of viewers) {
        if (!viewer.writableNeedDrain) {
          viewer.write(text);
          viewers.set(viewer, 0);
        } else if (missed + 1 >= ticksUntilCut) viewer.destroy();
        else viewers.set(viewer, missed + 1);
      }
    } catch (error) {
      source.log.error({ error }, 'the console cannot be told what happens');
      endAll();
    }
  }

  function look(): string {
    const atMs = source.nowMs();
    const stats = source.stats.stats();
    const networkStats = source.networkStats();
    const waiting = source.waiting();
    const errors = source.networkKinds.map((kind) => networks.rmse(networkStats, kind));
    const point = pointOf(atMs, stats, waiting, errors);
    // Nobody looked for a while: what was before says nothing any more.
    if (atMs - (points.at(-1)?.[0] ?? atMs) > forgottenAfterMs) points = [];
    points.push(point);
    if (points.length > pointsMaxCount) points = points.slice(-pointsMaxCount);
    const sum = (of: (partition: (typeof stats.partitions)[number]) => number): number =>
      stats.partitions.reduce((total, partition) => total + of(partition), 0);
    const state = {
      atMs,
      point,
      readiness: source.readiness(),
      scale: source.scale,
      partitionsHeld: stats.partitions.length,
      partitionCount: source.partitionCount,
      ratingsLearned: sum((partition) => partition.eventsApplied),
      deadLetters: sum(({ deadLetters }) => Object.values(deadLetters).reduce((total, count) => total + count, 0)),
      eventTimeLagMs: Math.max(0, ...stats.partitions.map(({ eventTimeLagMs }) => eventTimeLagMs)),
      userRows: stats.userRows,
      itemRows: stats.itemRows,
      intervalCoverageRatio: stats.intervalCoverageRatio,
      experts: stats.experts,
      networks: networkStats,
    };
    const taken = samples.take(samplesPerTick);
    return event('state', state) + (taken.length === 0 ? '' : event('predictions', taken));
  }

  function endAll(): void {
    for (const viewer of viewers.keys()) viewer.end();
  }

  return {
    open(_request, reply) {
      if (viewers.size >= limits.viewersMaxCount) {
        throw new HttpProblem(
          'FRESHET_TOO_MANY_STREAMS',
          `${viewers.size} consoles look at this worker already, which is the limit; close one, or come back later`,
        );
      }
      const names = [...source.stats.stats().experts.map(({ expert }) => expert), ...source.networkKinds];
      reply.hijack();
      const viewer = reply.raw;
      viewer.writeHead(200, eventStreamHeaders);
      viewer.write(`retry: 2000\n\n${event('history', { names, points })}`);
      viewers.set(viewer, 0);
      viewer.once('close', () => {
        viewers.delete(viewer);
        if (viewers.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      });
      source.onOpened();
      if (timer !== undefined) return;
      timer = setInterval(tick, limits.livePeriodMs).unref();
      tick();
    },
    endAll,
  };
}

const event = (name: string, data: unknown): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
