/**
 * `freshet models agree`: continuous learning beside training from scratch, on the ratings that workers have learned: the
 * log up to their committed offsets. A learner goes through the log as they did; networks that serve answer in it from
 * where they were trained.
 */
import { UsageError, WindowTooSmallError } from '../../errors.ts';
import { createKernel } from '../../kernel/choose.ts';
import { decodeArtifact, type Artifact } from '../../model/networks/artifact.ts';
import { networkKinds, type NetworkKind } from '../../model/networks/kinds.ts';
import { networkOf } from '../../model/networks/serving.ts';
import { defaultSettings } from '../../model/settings.ts';
import type { ModelReader } from '../../ports/models.ts';
import type { Offset } from '../../ports/transport.ts';
import { readLoggedEvents, type LoggedEvent } from '../../stream/replayed-log.ts';
import { ReplayedLearner } from '../../stream/replayed.ts';
import type { Agreement } from '../../train/agreement.ts';
import { readLogWindow } from '../../train/log-window.ts';
import { followedBy, type LaterRating } from '../../train/window.ts';
import { compareWithScratch, nextRatio } from '../agreement/compare.ts';
import type { Published } from '../agreement/report.ts';
import type { CommandIo } from '../command.ts';
import { learnerSettingsIn } from '../stored-settings.ts';
import type { LearnedLog } from './learned-log.ts';
import type { ModelsValues } from './order.ts';
import { publishedSince } from './published-since.ts';

export interface ModelsAgreement extends Agreement {
  readonly protocol: 'agreement';
  /** By partition: the first offset of what came next. */
  readonly offsets: Readonly<Record<string, Offset>>;
  /** Kinds whose network is left out: it was trained on some of what came next. */
  readonly leftOut: readonly NetworkKind[];
  readonly published: Published;
}

export async function agree(
  { stored, codec, ratings: log, models, committed: ends, eachPrediction }: LearnedLog,
  values: Pick<ModelsValues, 'effort' | 'trainBudget'>,
  io: CommandIo,
): Promise<ModelsAgreement> {
  if (stored === undefined) {
    throw new WindowTooSmallError('no rating was learned here yet: there is nothing to compare. Send ratings first');
  }
  const { scale } = stored;
  const kept = learnerSettingsIn(stored);
  const settings = { ...kept, effort: values.effort ?? (kept.sketchWidth > 0 ? 'full' : defaultSettings.effort) };
  if (settings.effort === 'full' && kept.sketchWidth === 0)
    throw new UsageError(['what is stored was not learned with --effort full: ask for balanced, or for fast']);
  const kernel = createKernel();
  const events = await readLoggedEvents(log, codec, scale, ends);
  const cut = events.length - Math.round(nextRatio * events.length);
  const seenEnds = endsAt(events, cut, ends);
  const upTo = { ...log, bounds: async (p: number) => ({ ...(await log.bounds(p)), end: seenEnds[p] ?? 0 }) };
  const { window, offsets } = await readLogWindow(upTo, codec, scale, { ratings: Infinity, days: Infinity });
  const { window: seen, next } = followedBy(window, ratingsIn(events.slice(cut)));
  const { artifacts, leftOut } = await servingArtifacts(models, seenEnds);
  const learner = new ReplayedLearner(settings, kernel);
  const waiting = artifacts.map((artifact) => ({ artifact, at: placeAfter(events, artifact.manifest.offsets) }));
  try {
    for (const [n, { event }] of events.slice(0, cut).entries()) {
      for (const { artifact, at } of waiting) if (at === n) learner.serve(networkOf(artifact, kernel));
      learner.take(event);
      if (n % 10_000 === 0) io.signal.throwIfAborted();
    }
    for (const { artifact, at } of waiting) if (at === cut) learner.serve(networkOf(artifact, kernel));
    const { trainBudget: budgetSeconds } = values;
    const compared = { learner, seen, next, scale, settings, kernel, seed: settings.seed, budgetSeconds };
    const agreement = await compareWithScratch(compared, io);
    return {
      protocol: 'agreement',
      ...agreement,
      offsets,
      leftOut,
      published: await publishedSince(eachPrediction, codec, seenEnds, ends),
    };
  } finally {
    learner.close();
  }
}

/** By partition: the first offset that is not among the first `cut` events. */
function endsAt(events: readonly LoggedEvent[], cut: number, ends: readonly Offset[]): Offset[] {
  const found = [...ends];
  for (const { partition, offset } of events.slice(cut).reverse()) found[partition] = offset;
  return found;
}

function ratingsIn(events: readonly LoggedEvent[]): LaterRating[] {
  return events.flatMap(({ event }) =>
    'forgetUserId' in event || event.rating === null ? [] : [{ ...event, rating: event.rating }],
  );
}

/** What serves of each kind, as long as it knows nothing of what came at these offsets and after. */
async function servingArtifacts(models: ModelReader, seenEnds: readonly Offset[]) {
  const artifacts: Artifact[] = [];
  const leftOut: NetworkKind[] = [];
  for (const kind of networkKinds) {
    const serving = (await models.record(kind))?.serving ?? null;
    const bytes = serving === null ? undefined : await models.artifact(kind, serving);
    if (bytes === undefined) continue;
    const artifact = decodeArtifact(bytes);
    const knowsMore = seenEnds.some((end, partition) => (artifact.manifest.offsets[partition] ?? 0) > end);
    if (knowsMore) leftOut.push(kind);
    else artifacts.push(artifact);
  }
  return { artifacts, leftOut };
}

/** How many events come before everything is learned that is before these offsets. */
const placeAfter = (events: readonly LoggedEvent[], offsets: Readonly<Record<string, Offset>>): number =>
  events.findLastIndex(({ partition, offset }) => offset < (offsets[partition] ?? 0)) + 1;
