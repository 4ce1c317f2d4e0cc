/** All readers of GET /predictions/stream. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../ports/log.ts';
import type { Offset } from '../../ports/transport.ts';
import { eventStreamHeaders } from './event-stream.ts';
import type { HttpLimits } from './limits.ts';
import { PredictionStream, type StreamSource } from './prediction-stream.ts';
import { HttpProblem } from './problem.ts';
import { resumeAfter } from './stream-position.ts';

export interface PredictionStreams {
  /** Answers the request with a stream that stays open. Throws HttpProblem. */
  open(request: FastifyRequest, reply: FastifyReply): void;
  endAll(): void;
}

export interface PredictionStreamsSource extends StreamSource {
  readonly partitionCount: number;
  readonly onOpened: () => void;
  readonly log: Log;
}

export function createPredictionStreams(source: PredictionStreamsSource, limits: HttpLimits): PredictionStreams {
  const streams = new Set<PredictionStream>();

  function wake(stream: PredictionStream): void {
    stream.wake().catch((error: unknown) => {
      source.log.error({ error }, 'predictions stream failed');
      stream.end();
    });
  }

  return {
    open(request, reply) {
      if (streams.size >= limits.streamsMaxCount) {
        throw new HttpProblem(
          'FRESHET_TOO_MANY_STREAMS',
          `${streams.size} readers follow the predictions already, which is the limit; come back later`,
        );
      }
      const next = startOf(request, source);
      reply.hijack();
      reply.raw.writeHead(200, eventStreamHeaders);
      reply.raw.write('retry: 2000\n\n');
      const stream = new PredictionStream(source, reply.raw, next);
      streams.add(stream);
      const unsubscribe = source.topicReader.onAppend('predictions', () => wake(stream));
      const heartbeat = setInterval(() => stream.heartbeat(), limits.streamHeartbeatMs).unref();
      reply.raw.once('close', () => {
        clearInterval(heartbeat);
        unsubscribe();
        streams.delete(stream);
      });
      source.onOpened();
      wake(stream);
    },
    endAll() {
      for (const stream of streams) stream.end();
    },
  };
}

/** After Last-Event-ID when it is given; otherwise at the end, or at the beginning with `?from=start`. */
function startOf(request: FastifyRequest, { topicReader, partitionCount }: PredictionStreamsSource): Offset[] {
  const ends = Array.from({ length: partitionCount }, (_, partition) => topicReader.end('predictions', partition));
  const lastId = request.headers['last-event-id'];
  if (typeof lastId === 'string' && lastId !== '') return resumeAfter(lastId, ends);
  const { from } = request.query as { from?: unknown };
  if (from === undefined || from === 'end') return ends;
  if (from === 'start') return ends.map(() => 0);
  throw new HttpProblem('FRESHET_BAD_REQUEST', 'the parameter from is neither "start" nor "end"');
}
