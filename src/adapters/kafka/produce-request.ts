/** The produce request of one partition in several topics, around batches that are written already; and its response. */
import type { Offset } from '../../ports/transport.ts';
import type { ProtocolRequest } from './kafkajs-internals.ts';

export interface SealedBatch {
  readonly topic: string;
  readonly bytes: Buffer;
}

export interface ProduceAnswer {
  readonly errorCode: number;
  /** Offset of the batch's first record. */
  readonly baseOffset: Offset;
}

const apiKey = 0;
/** Version 7, which brokers speak since Kafka 2.1. */
const apiVersion = 7;
const allReplicas = -1;
/** How long the leader waits for its replicas. */
const replicationTimeoutMs = 30_000;

/** Answers by topic. They are not judged here: each topic has its own. */
export function produceRequest(
  transactionalId: string | null,
  partition: number,
  batches: readonly SealedBatch[],
): ProtocolRequest<ReadonlyMap<string, ProduceAnswer>> {
  return {
    request: {
      apiKey,
      apiVersion,
      apiName: 'Produce',
      expectResponse: () => true,
      encode() {
        const buffer = encodeRequest(transactionalId, partition, batches);
        return Promise.resolve({ buf: buffer, buffer }); // as much of kafkajs' Encoder as it looks at
      },
    },
    response: {
      decode: (bytes) => Promise.resolve(decodeResponse(bytes)),
      parse: (answers) => Promise.resolve(answers),
    },
    requestTimeout: replicationTimeoutMs + 5000,
  };
}

function encodeRequest(transactionalId: string | null, partition: number, batches: readonly SealedBatch[]): Buffer {
  const ids = [transactionalId ?? '', ...batches.map(({ topic }) => topic)];
  const size =
    ids.reduce((sum, id) => sum + 2 + Buffer.byteLength(id), 10) +
    batches.reduce((sum, { bytes }) => sum + 12 + bytes.length, 0);
  const request = Buffer.allocUnsafe(size);
  let at = 0;
  const putText = (text: string | null): void => {
    const length = text === null ? -1 : request.write(text, at + 2);
    at = request.writeInt16BE(length, at) + Math.max(0, length);
  };
  putText(transactionalId);
  at = request.writeInt16BE(allReplicas, at);
  at = request.writeInt32BE(replicationTimeoutMs, at);
  at = request.writeInt32BE(batches.length, at);
  for (const { topic, bytes } of batches) {
    putText(topic);
    at = request.writeInt32BE(1, at); // one partition
    at = request.writeInt32BE(partition, at);
    at = request.writeInt32BE(bytes.length, at);
    at += bytes.copy(request, at);
  }
  return request;
}

function decodeResponse(bytes: Buffer): Map<string, ProduceAnswer> {
  const answers = new Map<string, ProduceAnswer>();
  let at = 4;
  for (let topics = bytes.readInt32BE(0); topics > 0; topics--) {
    const length = bytes.readInt16BE(at);
    const topic = bytes.toString('utf8', at + 2, at + 2 + length);
    at += 2 + length + 4; // the name, number of partitions: one
    answers.set(topic, {
      errorCode: bytes.readInt16BE(at + 4),
      baseOffset: Number(bytes.readBigInt64BE(at + 6)),
    });
    at += 4 + 2 + 3 * 8; // partition, error, base offset, append time, log start
  }
  return answers;
}
