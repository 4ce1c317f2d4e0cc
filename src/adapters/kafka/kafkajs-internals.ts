/**
 * The parts of kafkajs that it does not export and that reading and writing a partition need. They are stable: the version is
 * pinned exactly, and its sources have not changed since 2023.
 */
import { createRequire } from 'node:module';
import type { Broker } from 'kafkajs';

/** A request of the protocol, and what to do with the bytes of its response. */
export interface ProtocolRequest<Response> {
  readonly request: unknown;
  readonly response: {
    readonly decode: (bytes: Buffer) => Promise<Response>;
    readonly parse: (decoded: Response) => Promise<Response>;
  };
  readonly requestTimeout?: number;
  /** False for errors that are part of normal operation. */
  readonly logResponseError?: boolean;
}

/** A kafkajs broker, as far as its public type does not show it. */
export interface BrokerConnections {
  readonly connectionPool: { send<Response>(request: ProtocolRequest<Response>): Promise<Response> };
  disconnect(): Promise<void>;
  /** Versions that the broker speaks, by the number of the request; known once it is connected. */
  readonly versions?: Readonly<Record<number, { readonly maxVersion: number } | undefined>> | null;
}

export interface FetchRequest {
  /** 1: read committed. */
  readonly isolationLevel: 0 | 1;
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly fetchOffset: string;
      readonly maxBytes: number;
    }[];
  }[];
}

export interface CompressionCodec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

const load = createRequire(import.meta.url) as (path: string) => unknown;

const fetchProtocol = load('kafkajs/src/protocol/requests/fetch') as {
  protocol(version: { version: number }): (request: FetchRequest) => ProtocolRequest<unknown>;
};

/** Fetch in version 11, which brokers speak since Kafka 2.3. */
export const fetchV11 = fetchProtocol.protocol({ version: 11 });

/** Who writes: as the broker answered it. */
export interface ProducerIdentity {
  readonly producerId: string;
  readonly producerEpoch: number;
}

interface TransactionMember extends ProducerIdentity {
  readonly transactionalId: string;
}

type RequestOf<Options, Response> = (options: Options) => ProtocolRequest<Response>;

function versionOne(name: string): unknown {
  const requests = load(`kafkajs/src/protocol/requests/${name}`) as {
    readonly protocol: (version: { readonly version: number }) => unknown;
  };
  return requests.protocol({ version: 1 });
}

/** All in version 1, which brokers speak since Kafka 2.0. */
export const initProducerId = versionOne('initProducerId') as RequestOf<
  { readonly transactionalId: string | null; readonly transactionTimeout: number },
  ProducerIdentity
>;
export const addPartitionsToTxn = versionOne('addPartitionsToTxn') as RequestOf<
  TransactionMember & {
    readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  },
  unknown
>;
export const addOffsetsToTxn = versionOne('addOffsetsToTxn') as RequestOf<
  TransactionMember & { readonly groupId: string },
  unknown
>;
export const txnOffsetCommit = versionOne('txnOffsetCommit') as RequestOf<
  TransactionMember & {
    readonly groupId: string;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
    }[];
  },
  unknown
>;
export const endTxn = versionOne('endTxn') as RequestOf<
  TransactionMember & { readonly transactionResult: boolean },
  unknown
>;

/** Finding a transaction's coordinator, which the public type of a cluster leaves out. */
export interface CoordinatorFinder {
  findGroupCoordinator(group: { readonly groupId: string; readonly coordinatorType: 0 | 1 }): Promise<Broker>;
}

/** Sends to that broker and no other. */
export async function sendTo<Response>(broker: Broker, request: ProtocolRequest<Response>): Promise<Response> {
  const connections = broker as unknown as BrokerConnections;
  try {
    return await connections.connectionPool.send({ logResponseError: false, ...request });
  } catch (error) {
    // kafkajs keeps a dead connection in its pool until somebody says so.
    if (error instanceof Error && error.name === 'KafkaJSConnectionClosedError') await connections.disconnect();
    throw error;
  }
}

/** What a request's `encode` resolves with. */
export interface RequestBody {
  writeBufferInternal(bytes: Buffer): void;
}

/** An empty request body. */
export const RequestEncoder = load('kafkajs/src/protocol/encoder') as new () => RequestBody;

/** The codec that a batch's attributes name; null for uncompressed batches. */
export const { lookupCodecByAttributes } = load('kafkajs/src/protocol/message/compression') as {
  lookupCodecByAttributes: (attributes: number) => CompressionCodec | null;
};

/** The error of a response's error code, with `type` and `retriable`. */
export const { createErrorFromCode } = load('kafkajs/src/protocol/error') as {
  createErrorFromCode: (code: number) => Error & { readonly type: string; readonly retriable: boolean };
};
