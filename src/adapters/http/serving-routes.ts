/** Routes that read what is learned. None of them changes anything. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { NotOwnedError } from '../../errors.ts';
import type { Prediction } from '../../ports/events.ts';
import type { Serving } from '../../ports/serving.ts';
import { forwardedHeader, type Forwarder } from './forward.ts';
import { checkedId } from './ids.ts';
import { countOf } from './count.ts';
import type { LiveFeed } from './live-feed.ts';
import type { PredictionStreams } from './prediction-streams.ts';
import type { Opening } from './readiness.ts';
import { send } from './send.ts';

const recommendationsCounts = { default: 10, max: 100 };
export const streamPath = '/predictions/stream';
export const livePath = '/live';

interface PairPath {
  Params: { userId: string; itemId: string };
}
interface UserPath {
  Params: { userId: string };
}
interface RecommendationsPath extends UserPath {
  Querystring: { count?: unknown };
}

export interface ServingRoutes {
  readonly serving: Serving;
  readonly requireOpen: Opening;
  /** Where there are other workers. */
  readonly forwarder?: Forwarder | undefined;
  readonly streams: PredictionStreams;
  readonly live: LiveFeed;
}

export function addServingRoutes(app: FastifyInstance, routes: ServingRoutes): void {
  const { serving, requireOpen, forwarder, streams, live } = routes;

  /** What this worker answers, or else the one that holds the user. `path` is made anew: nothing of the client's is passed on. */
  function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    userId: string,
    path: () => string,
    own: () => unknown,
  ): FastifyReply | Promise<FastifyReply> {
    try {
      return send(reply, 200, own());
    } catch (error) {
      const isForwarded = request.headers[forwardedHeader] !== undefined;
      if (!(error instanceof NotOwnedError) || forwarder === undefined || isForwarded) throw error;
      return forwarder.forward(request, reply, serving.partitionOf(userId), path());
    }
  }

  app.get<PairPath>('/users/:userId/predictions/:itemId', (request, reply) => {
    requireOpen();
    const userId = checkedId('userId', request.params.userId);
    const itemId = checkedId('itemId', request.params.itemId);
    const path = (): string => `/users/${encodeURIComponent(userId)}/predictions/${encodeURIComponent(itemId)}`;
    return answer(request, reply, userId, path, () => predictionBody(serving.predict(userId, itemId)));
  });

  app.get<PairPath>('/users/:userId/explanations/:itemId', (request, reply) => {
    requireOpen();
    const userId = checkedId('userId', request.params.userId);
    const itemId = checkedId('itemId', request.params.itemId);
    const path = (): string => `/users/${encodeURIComponent(userId)}/explanations/${encodeURIComponent(itemId)}`;
    return answer(request, reply, userId, path, () => {
      const explanation = serving.explain(userId, itemId);
      return { ...predictionBody(explanation), reasons: explanation.reasons, ratings: explanation.ratings };
    });
  });

  app.get<UserPath>('/users/:userId', (request, reply) => {
    requireOpen();
    const userId = checkedId('userId', request.params.userId);
    return answer(
      ...([request, reply, userId] as const),
      () => `/users/${encodeURIComponent(userId)}`,
      () => serving.user(userId),
    );
  });

  app.get<RecommendationsPath>('/users/:userId/recommendations', (request, reply) => {
    requireOpen();
    const userId = checkedId('userId', request.params.userId);
    const count = countOf(request.query.count, recommendationsCounts);
    const path = (): string => `/users/${encodeURIComponent(userId)}/recommendations?count=${count}`;
    return answer(request, reply, userId, path, () => ({
      userId,
      recommendations: serving.recommend(userId, count).map(({ itemId, prediction }) => ({ itemId, prediction })),
    }));
  });

  app.get(streamPath, (request, reply) => streams.open(request, reply));
  app.get(livePath, (request, reply) => live.open(request, reply));
}

/** Names and order that other programs rely on, whatever else the value carries. */
function predictionBody(value: Prediction): Prediction {
  return {
    userId: value.userId,
    itemId: value.itemId,
    prediction: value.prediction,
    low: value.low,
    high: value.high,
    parts: value.parts,
    experts: value.experts,
    networkWeights: value.networkWeights,
    modelVersions: value.modelVersions,
    coldUser: value.coldUser,
    coldItem: value.coldItem,
  };
}
