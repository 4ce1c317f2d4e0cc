import { createRequire } from 'node:module';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mendConnections } from '../../../src/adapters/kafka/mended-connections.ts';

/** A connection of kafkajs, as its broker uses it. */
interface Connection {
  readonly socket: Socket;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  send(question: object): Promise<unknown>;
}
const load = createRequire(import.meta.url) as (path: string) => unknown;
const ConnectionOf = load('kafkajs/src/network/connection') as new (options: object) => Connection;
const Encoder = load('kafkajs/src/protocol/encoder') as new () => object;
const socketFactory = (load('kafkajs/src/network/socketFactory') as () => unknown)();
const silence = (): void => undefined;
const logger = { namespace: () => logger, debug: silence, info: silence, warn: silence, error: silence };

const question = {
  request: {
    apiKey: 18,
    apiName: 'ApiVersions',
    apiVersion: 0,
    encode: () => Promise.resolve(new Encoder()),
  },
  response: { decode: () => Promise.resolve({ clientSideThrottleTime: 0 }), parse: () => Promise.resolve('answer') },
};

/** `answer` in the frame of a response: its length, and the number of the question. */
function frame(asked: Buffer, bytes: number): Buffer {
  const out = Buffer.alloc(8 + bytes);
  out.writeInt32BE(4 + bytes, 0);
  asked.copy(out, 4, 8, 12);
  return out;
}

describe('a mended connection', () => {
  let server: Server;
  let accepted: Socket[];
  let onQuestion: (socket: Socket, asked: Buffer) => void;
  const connections: Connection[] = [];

  beforeAll(mendConnections);
  beforeEach(async () => {
    accepted = [];
    onQuestion = (socket, asked) => socket.write(frame(asked, 6));
    server = createServer((socket) => {
      accepted.push(socket);
      socket.on('error', silence).on('data', (asked) => {
        onQuestion(socket, asked);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    for (const socket of accepted) socket.destroy();
    server.close();
    await Promise.all(connections.splice(0).map((each) => each.disconnect().catch(silence)));
  });

  function open(): Connection {
    const { port } = server.address() as AddressInfo;
    const connection = new ConnectionOf({
      ...{ host: '127.0.0.1', port, logger, socketFactory, clientId: 'test' },
      ...{ requestTimeout: 60_000, connectionTimeout: 1000 },
    });
    connections.push(connection);
    return connection;
  }

  it('is made once for all who want it', async () => {
    const connection = open();
    await Promise.all([connection.connect(), connection.connect(), connection.connect()]);
    expect(await connection.send(question)).toBe('answer');
    expect(accepted).toHaveLength(1);
  });

  it('lets nobody wait who asks while it is being closed', async () => {
    onQuestion = silence;
    for (let turns = 0; turns < 40; turns++) {
      const connection = open();
      await connection.connect();
      const outcome = connection.send(question).then(
        () => 'answered',
        () => 'refused',
      );
      for (let n = 0; n < turns; n++) await Promise.resolve();
      connection.socket.emit('end');
      expect(await Promise.race([outcome, delay(3000, `waits for ever, closed after ${turns} turns`)])).toBe('refused');
    }
  });

  it('reads nothing of an answer that an earlier socket left half read', async () => {
    onQuestion = (socket, asked) => {
      const answer = frame(asked, 100);
      socket.write(answer.subarray(0, 50), () => socket.destroy());
    };
    const connection = open();
    await connection.connect();
    await expect(connection.send(question)).rejects.toThrow('Closed connection');
    onQuestion = (socket, asked) => socket.write(frame(asked, 6));
    await connection.connect();
    expect(await Promise.race([connection.send(question), delay(3000, 'waits for ever')])).toBe('answer');
  });
});
