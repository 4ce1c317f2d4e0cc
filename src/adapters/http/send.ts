import type { FastifyReply } from 'fastify';

/** Serialized here, once: fastify would look for a schema first. */
export function send(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
}
