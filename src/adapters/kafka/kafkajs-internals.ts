/**
 * The parts of kafkajs that it does not export and that reading a partition needs. They are stable: the version is
 * pinned exactly, and its sources have not changed since 2023.
 */
import { createRequire } from 'node:module';

/** A request of the protocol, and what to do with the bytes of its response. */
export interface ProtocolRequest<Response> {
  readonly request: unknown;
  readonly response: {
    readonly decode: (bytes: Buffer) => Promise<Response>;
    readonly parse: (decoded: Response) => Promise<Response>;
  };
  readonly requestTimeout?: number;
}

/** A kafkajs broker, as far as its public type does not show it. */
export interface BrokerConnections {
  readonly connectionPool: { send<Response>(request: ProtocolRequest<Response>): Promise<Response> };
  disconnect(): Promise<void>;
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

/** The codec that a batch's attributes name; null for uncompressed batches. */
export const { lookupCodecByAttributes } = load('kafkajs/src/protocol/message/compression') as {
  lookupCodecByAttributes: (attributes: number) => CompressionCodec | null;
};

/** The error of a response's error code, with `type` and `retriable`. */
export const { createErrorFromCode } = load('kafkajs/src/protocol/error') as {
  createErrorFromCode: (code: number) => Error & { readonly type: string; readonly retriable: boolean };
};
