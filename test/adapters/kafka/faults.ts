/** Commits that fail on demand, in a client that is otherwise what it was. */
import type { Kafka, Producer, Transaction } from 'kafkajs';

export interface Faults {
  wrap(kafka: Kafka): Kafka;
  /** The next transaction is not committed, or it is and nobody hears of it. */
  failNextCommit(when: 'before' | 'after'): void;
}

export function createFaults(): Faults {
  let next: 'before' | 'after' | null = null;

  function fail(when: 'before' | 'after'): void {
    if (next !== when) return;
    next = null;
    throw new Error(`made to fail ${when} it happened`);
  }

  const faulty = (transaction: Transaction): Transaction => ({
    ...transaction,
    async commit() {
      fail('before');
      await transaction.commit();
      fail('after');
    },
  });

  return {
    wrap(kafka) {
      const producer = (config: Parameters<Kafka['producer']>[0]): Producer => {
        const inner = kafka.producer(config);
        return { ...inner, transaction: async () => faulty(await inner.transaction()) };
      };
      return new Proxy(kafka, {
        get(target, name) {
          if (name === 'producer') return producer;
          const value: unknown = Reflect.get(target, name);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
    },
    failNextCommit(when) {
      next = when;
    },
  };
}
