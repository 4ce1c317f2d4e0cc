/**
 * Reads for users of other workers, passed on to the worker that holds them: one hop, one more try when the partition
 * turns out to have moved, over connections that stay open.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { NotOwnedError } from '../../errors.ts';
import type { Log } from '../../ports/log.ts';
import type { Peers } from '../../ports/peers.ts';
import type { HttpLimits } from './limits.ts';

/** Marks a request that comes from another worker: whoever does not hold the user either says so. */
export const forwardedHeader = 'x-freshet-forwarded';

/**
 * answered: by the owner; moving: nobody owns the partition right now, or the owner does not hold it yet; hidden: the
 * owner advertises no address; unreachable: no answer in time; refused: an answer that is none.
 */
export const forwardOutcomes = ['answered', 'moving', 'hidden', 'unreachable', 'refused'] as const;
export type ForwardOutcome = (typeof forwardOutcomes)[number];
export type OnForwarded = (outcome: ForwardOutcome, durationMs: number) => void;

export interface Forwarder {
  /** Answers what the owner of the partition answers. Throws NotOwnedError when that cannot be had right now. */
  forward(request: FastifyRequest, reply: FastifyReply, partition: number, path: string): Promise<FastifyReply>;
  close(): void;
}

interface ForwarderOptions {
  readonly peers: Peers;
  readonly onForwarded?: OnForwarded | undefined;
  readonly log: Log;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}
type Attempt =
  | { readonly outcome: 'answered'; readonly answer: Answer }
  | { readonly outcome: Exclude<ForwardOutcome, 'answered'>; readonly why: string; readonly isLate?: boolean };

const socketsPerWorker = 64;

export function createForwarder({ peers, onForwarded, log }: ForwarderOptions, limits: HttpLimits): Forwarder {
  const agents = {
    http: new HttpAgent({ keepAlive: true, maxSockets: socketsPerWorker }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: socketsPerWorker }),
  };

  async function get(address: string, path: string, authorization: string | undefined): Promise<Answer> {
    const isEncrypted = address.startsWith('https:');
    const deadline = AbortSignal.timeout(limits.forwardTimeoutMs);
    const headers = { [forwardedHeader]: '1', ...(authorization === undefined ? {} : { authorization }) };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const open = isEncrypted ? httpsRequest : httpRequest;
      const agent = isEncrypted ? agents.https : agents.http;
      open(address + path, { agent, headers, signal: deadline }, resolve)
        .on('error', reject)
        .end();
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limits.forwardMaxBytes) throw new Error(`its answer has over ${limits.forwardMaxBytes} bytes`);
      chunks.push(chunk);
    }
    return { status: response.statusCode ?? 0, body: Buffer.concat(chunks, size) };
  }

  async function attempt(partition: number, path: string, authorization: string | undefined): Promise<Attempt> {
    const owner = await peers.ownerOf(partition);
    if (owner.kind === 'moving') return { outcome: 'moving', why: 'it is moving between workers' };
    if (owner.kind === 'hidden') return { outcome: 'hidden', why: 'its worker advertises no HTTP address' };
    const { address } = owner;
    try {
      const answer = await get(address, path, authorization);
      if (answer.status === 200 || answer.status === 400) return { outcome: 'answered', answer };
      if (answer.status !== 503) {
        log.warn({ address, status: answer.status }, 'another worker refused a forwarded request');
        return { outcome: 'refused', why: `the worker at ${address} answered ${answer.status}` };
      }
      peers.doubt(partition, address);
      return { outcome: 'moving', why: `the worker at ${address} does not hold it yet, or no longer` };
    } catch (error) {
      peers.doubt(partition, address);
      const isLate = error instanceof Error && ['AbortError', 'TimeoutError'].includes(error.name);
      const reason = isLate ? `no answer for ${limits.forwardTimeoutMs} ms` : (error as Error).message;
      log.warn({ address, reason }, 'a request could not be forwarded');
      return { outcome: 'unreachable', why: `the worker at ${address} cannot be reached (${reason})`, isLate };
    }
  }

  return {
    async forward(request, reply, partition, path) {
      const startMs = performance.now();
      const { authorization } = request.headers;
      let result = await attempt(partition, path, authorization);
      const mayHaveMoved = result.outcome === 'moving' || (result.outcome === 'unreachable' && result.isLate !== true);
      if (mayHaveMoved) result = await attempt(partition, path, authorization);
      onForwarded?.(result.outcome, performance.now() - startMs);
      if (result.outcome === 'answered') {
        const { status, body } = result.answer;
        return reply.code(status).type('application/json; charset=utf-8').send(body);
      }
      throw new NotOwnedError(
        `the user belongs to partition ${partition}, which another worker holds: ${result.why}. Repeat the request later`,
        { partition },
      );
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
