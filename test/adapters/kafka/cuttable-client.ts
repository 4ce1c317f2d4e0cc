/** A kafkajs client whose network can be cut: what a killed process looks like from the broker. */
import { createConnection, type Socket } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';
import { clientRetry } from '../../../src/adapters/kafka/connection.ts';

export interface CuttableClient {
  readonly kafka: Kafka;
  /** Ends all connections without a word, and refuses new ones. */
  cut(): void;
}

export function createCuttableClient(brokers: string[]): CuttableClient {
  const sockets = new Set<Socket>();
  let isCut = false;
  const kafka = new Kafka({
    clientId: 'freshet-test',
    brokers,
    logLevel: logLevel.NOTHING,
    retry: clientRetry,
    socketFactory({ host, port, onConnect }) {
      const socket = createConnection({ host, port }, onConnect);
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      if (isCut) process.nextTick(() => socket.destroy(new Error('the network is cut')));
      return socket;
    },
  });
  return {
    kafka,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy(new Error('the network is cut'));
    },
  };
}
