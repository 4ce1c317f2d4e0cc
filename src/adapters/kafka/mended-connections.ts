/**
 * Connections of kafkajs that answer, or say that they will not. As they are, some questions are waited for for ever when a broker
 * goes and comes back: one that is asked over a connection that is just being closed, one whose connection is made twice at once,
 * and one whose answer follows what an earlier socket left half read.
 */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

/** What is used of kafkajs' own class, whose version is pinned. */
interface Connection {
  readonly host: string;
  readonly port: number;
  socket?: Socket;
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  isConnected(): boolean;
  connect: (this: Connection) => Promise<unknown>;
  disconnect: (this: Connection) => Promise<unknown>;
  rejectRequests(error: Error): void;
}

const load = createRequire(import.meta.url) as (path: string) => unknown;
const { prototype } = load('kafkajs/src/network/connection') as { readonly prototype: Connection };
const { KafkaJSConnectionClosedError: ClosedError } = load('kafkajs/src/errors') as {
  readonly KafkaJSConnectionClosedError: new (message: string, place: { host: string; port: number }) => Error;
};

const lengthBytes = 4;
const making = new WeakMap<Connection, Promise<unknown>>();
let isMended = false;

/** For all clients of this process; once. */
export function mendConnections(): void {
  if (isMended) return;
  isMended = true;
  const { connect, disconnect } = prototype;

  prototype.connect = function (this: Connection) {
    if (this.isConnected()) return Promise.resolve(true);
    const underWay = making.get(this);
    if (underWay !== undefined) return underWay;
    const made = make(this, connect).finally(() => making.delete(this));
    making.set(this, made);
    return made;
  };

  prototype.disconnect = async function (this: Connection) {
    const done = await disconnect.call(this);
    if (!this.isConnected()) this.rejectRequests(closed(this));
    return done;
  };
}

function make(connection: Connection, connect: Connection['connect']): Promise<unknown> {
  forget(connection.socket);
  connection.rejectRequests(closed(connection));
  connection.chunks = [];
  connection.bytesBuffered = 0;
  connection.bytesNeeded = lengthBytes;
  const made = connect.call(connection);
  const { socket } = connection;
  return new Promise((resolve, reject) => {
    made.then(resolve, reject);
    socket?.once('close', () => {
      reject(closed(connection));
      if (connection.socket === socket) connection.rejectRequests(closed(connection));
    });
  });
}

/** What still comes from a former socket is nothing to the next one. */
function forget(socket: Socket | undefined): void {
  socket?.removeAllListeners();
  socket?.on('error', () => undefined);
  socket?.destroy();
}

const closed = ({ host, port }: Connection): Error => new ClosedError('Closed connection', { host, port });
