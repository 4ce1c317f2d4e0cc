/** Routes that read what is learned. None of them changes anything. */
import type { FastifyInstance } from 'fastify';
import type { Prediction } from '../../ports/events.ts';
import type { Serving } from '../../ports/serving.ts';
import { checkedId } from './ids.ts';
import type { PredictionStreams } from './prediction-streams.ts';
import { HttpProblem } from './problem.ts';
import { requireReady } from './readiness.ts';
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

export function addServingRoutes(app: FastifyInstance, serving: Serving, streams: PredictionStreams): void {
  app.get<PairPath>('/users/:userId/predictions/:itemId', (request, reply) => {
    requireReady(serving);
    const { userId, itemId } = request.params;
    return send(reply, 200, predictionBody(serving.predict(checkedId('userId', userId), checkedId('itemId', itemId))));
  });

  app.get<RecommendationsPath>('/users/:userId/recommendations', (request, reply) => {
    requireReady(serving);
    const userId = checkedId('userId', request.params.userId);
    const recommendations = serving.recommend(userId, countOf(request.query.count));
    return send(reply, 200, {
      userId,
      recommendations: recommendations.map(({ itemId, prediction }) => ({ itemId, prediction })),
    });
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
