/** Routes that write: ratings in, users forgotten. */
import type { FastifyInstance } from 'fastify';
import type { Serving } from '../../ports/serving.ts';
import { checkedId } from './ids.ts';
import { retryAfterSeconds } from './limits.ts';
import { jsonEntries, ndjsonEntries } from './ratings-body.ts';
import type { Opening } from './readiness.ts';
import { send } from './send.ts';
import { takeRatings, type RatingsIntake } from './take-ratings.ts';

const jsonTypes = ['application/json'];
const ndjsonTypes = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

/** Parsed on arrival; longer ones wait for their turn. */
const smallBodyBytes = 8 * 1024;

interface UserPath {
  Params: { userId: string };
}

export function addRatingsRoutes(
  app: FastifyInstance,
  serving: Serving,
  requireOpen: Opening,
  intake: RatingsIntake,
): void {
  // Bodies stay bytes until their route asks: parsing belongs to the slices of work.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser([...jsonTypes, ...ndjsonTypes], { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );

  app.post('/ratings', {
    onRequest: (request, reply, done) => {
      requireOpen();
      const length = request.headers['content-length'];
      reply.raw.once('close', intake.gate.admitBody(length === undefined ? null : Number(length)));
      done();
    },
    handler: async (request, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      if (body.length > smallBodyBytes) await intake.turns();
      const isNdjson = ndjsonTypes.includes(request.mediaType ?? '');
      const answer = await takeRatings(intake, isNdjson ? ndjsonEntries(body) : jsonEntries(body));
      if (answer.status === 503) reply.header('retry-after', retryAfterSeconds);
      return send(reply, answer.status, answer.body);
    },
  });

  app.delete<UserPath>('/users/:userId', async (request, reply) => {
    requireOpen();
    const userId = checkedId('userId', request.params.userId);
    const partition = serving.partitionOf(userId);
    const offset = await intake.ratingsLog.append(partition, [
      { key: intake.codec.encodeUserKey(userId), value: null },
    ]);
    return send(reply, 202, { userId, partition, offset });
  });
}
