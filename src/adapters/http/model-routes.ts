/** Routes for those who look after the networks. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { NetworkKind } from '../../model/networks/kinds.ts';
import type { ControlResult, ModelControl } from '../../ports/model-control.ts';
import { HttpProblem } from './problem.ts';
import { send } from './send.ts';

interface KindPath {
  Params: { kind: string };
}

export function addModelRoutes(app: FastifyInstance, models: ModelControl): void {
  const answer = async (reply: FastifyReply, status: number, result: Promise<ControlResult>): Promise<FastifyReply> => {
    const done = await result;
    if (done.kind === 'refused') throw new HttpProblem('FRESHET_NOT_POSSIBLE', done.reason);
    return send(reply, status, done.record);
  };

  app.get('/models', async (_request, reply) => send(reply, 200, { models: await models.list() }));
  app.post<KindPath>('/models/:kind/train', (request, reply) =>
    answer(reply, 202, models.train(kindOf(models.kinds, request.params.kind))),
  );
  app.post<KindPath & { Querystring: { version?: unknown } }>('/models/:kind/promote', (request, reply) =>
    answer(reply, 200, models.promote(kindOf(models.kinds, request.params.kind), versionOf(request.query.version))),
  );
  app.post<KindPath>('/models/:kind/roll-back', (request, reply) =>
    answer(reply, 200, models.rollBack(kindOf(models.kinds, request.params.kind))),
  );
}

function kindOf(kinds: readonly NetworkKind[], text: string): NetworkKind {
  const kind = kinds.find((known) => known === text);
  if (kind !== undefined) return kind;
  throw new HttpProblem('FRESHET_BAD_REQUEST', `there is no such kind of network; there is ${kinds.join(', ')}`);
}

function versionOf(version: unknown): string {
  if (typeof version === 'string' && version !== '' && version.length <= 100) return version;
  throw new HttpProblem('FRESHET_BAD_REQUEST', 'the version is missing; give it as ?version=, GET /models lists them');
}
