/**
 * Asks brokers over one connection for as long as all goes well. After an error the next question goes over a new one:
 * kafkajs asks a leader of before for five minutes, and waits for ever for an answer that it has lost.
 */
import type { Admin, Kafka } from 'kafkajs';
import { BrokerError, InvariantViolation } from '../../errors.ts';
import { endsWithin } from './ends-within.ts';

export interface FreshAdmin {
  /** Rejects when it is not answered in time, too. `what` begins a sentence. */
  ask<T>(what: string, question: (admin: Admin) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

interface Connection {
  readonly admin: Promise<Admin>;
  /** Questions under way. */
  asked: number;
  isStale: boolean;
}

const usualLimitMs = 10_000;

export function createFreshAdmin(kafka: Pick<Kafka, 'admin'>, limitMs = usualLimitMs): FreshAdmin {
  let current: Connection | null = null;
  let isClosed = false;

  async function open(): Promise<Admin> {
    const admin = kafka.admin();
    try {
      await admin.connect();
      return admin;
    } catch (error) {
      leave(admin);
      throw error;
    }
  }

  function leave(admin: Admin): void {
    admin.disconnect().catch(() => undefined);
  }

  function dropIfUnused(connection: Connection): void {
    if (connection.isStale && connection.asked === 0) connection.admin.then(leave, () => undefined);
  }

  return {
    async ask(what, question) {
      if (isClosed) throw new InvariantViolation(`${what}: it was asked after the end. Please report it.`);
      const connection = (current ??= { admin: open(), asked: 0, isStale: false });
      connection.asked++;
      try {
        const answer = connection.admin.then(question);
        if (await endsWithin(answer, limitMs)) return await answer;
        throw new BrokerError(
          `${what} was not told for ${limitMs / 1000} s. It is asked over another connection.`,
          true,
        );
      } catch (error) {
        connection.isStale = true;
        if (current === connection) current = null;
        throw error;
      } finally {
        connection.asked--;
        dropIfUnused(connection);
      }
    },

    async close() {
      isClosed = true;
      const last = current;
      current = null;
      // One that never came to be has left already.
      const admin = await last?.admin.catch(() => null);
      await admin?.disconnect();
    },
  };
}
