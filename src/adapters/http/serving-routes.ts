/** Routes that read what is learned. None of them changes anything. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { NotOwnedError } from '../../errors.ts';
import type { Prediction } from '../../ports/events.ts';
import type { Serving } from '../../ports/serving.ts';
import { forwardedHeader, type Forwarder } from './forward.ts';
import { checkedId } from './ids.ts';
import type { PredictionStreams } from './prediction-streams.ts';
import { HttpProblem } from './problem.ts';
import type { Opening } from './readiness.ts';
import { send } from './send.ts';

const recommendationsDefaultCount = 10;
export const streamPath = '/predictions/stream';
export const recommendationsMaxCount = 100;

interface PairPath {
  Params: { userId: string; itemId: string };
}
interface RecommendationsPath {
  Params: { userId: string };
  Querystring: { count?: unknown };
}

export interface ServingRoutes {
  readonly serving: Serving;
  readonly requireOpen: Opening;
  /** Where there are other workers. */
  readonly forwarder?: Forwarder | undefined;
  readonly streams: PredictionStreams;
}

export function addServingRoutes(app: FastifyInstance, routes: ServingRoutes): void {
  const { serving, requireOpen, forwarder, streams } = routes;

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

  app.get<RecommendationsPath>('/users/:userId/recommendations', (request, reply) => {
    requireOpen();
    const userId = checkedId('userId', request.params.userId);
    const count = countOf(request.query.count);
    const path = (): string => `/users/${encodeURIComponent(userId)}/recommendations?count=${count}`;
    return answer(request, reply, userId, path, () => ({
      userId,
      recommendations: serving.recommend(userId, count).map(({ itemId, prediction }) => ({ itemId, prediction })),
    }));
  });

  app.get(streamPath, (request, reply) => streams.open(request, reply));
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
    modelVersions: value.modelVersions,
    coldUser: value.coldUser,
    coldItem: value.coldItem,
  };
}

function countOf(count: unknown): number {
  if (count === undefined) return recommendationsDefaultCount;
  const number = typeof count === 'string' && /^\d{1,3}$/.test(count) ? Number(count) : 0;
  if (number >= 1 && number <= recommendationsMaxCount) return number;
  throw new HttpProblem(
    'FRESHET_BAD_REQUEST',
    `count is not a whole number from 1 to ${recommendationsMaxCount}; leave it out for ${recommendationsDefaultCount}`,
  );
}
