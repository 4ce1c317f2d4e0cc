/** Commits that fail on demand, in a client that is otherwise what it was. */
import type { Broker, Cluster, ConsumerConfig, Kafka } from 'kafkajs';
import type {
  BrokerConnections,
  CoordinatorFinder,
  ProtocolRequest,
} from '../../../src/adapters/kafka/kafkajs-internals.ts';

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

  /** What asks for the end of a transaction fails, once, before or after the broker has heard of it. */
  function makeFaulty(broker: Broker): Broker {
    const { connectionPool } = broker as unknown as BrokerConnections;
    const send = async <T>(request: ProtocolRequest<T>): Promise<T> => {
      const isEnd = (request.request as { readonly apiName: string }).apiName === 'EndTxn';
      if (isEnd) fail('before');
      const answer = await connectionPool.send(request);
      if (isEnd) fail('after');
      return answer;
    };
    return changed(broker, { connectionPool: changed(connectionPool, { send }) });
  }

  function withFaultyCoordinators(cluster: Cluster): Cluster {
    const finder = cluster as unknown as CoordinatorFinder;
    return changed(cluster, {
      findGroupCoordinator: async (group: Parameters<CoordinatorFinder['findGroupCoordinator']>[0]) =>
        makeFaulty(await finder.findGroupCoordinator(group)),
    });
  }

  return {
    wrap: (kafka) =>
      changed(kafka, {
        consumer({ partitionAssigners = [], ...config }: ConsumerConfig) {
          const faulty = partitionAssigners.map(
            (assigner): (typeof partitionAssigners)[number] =>
              (tools) =>
                assigner({ ...tools, cluster: withFaultyCoordinators(tools.cluster) }),
          );
          return kafka.consumer({ ...config, partitionAssigners: faulty });
        },
      }),
    failNextCommit(when) {
      next = when;
    },
  };
}

/** The same object, but for some of its members. */
function changed<T extends object>(target: T, members: object): T {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(name in members ? members : target, name);
      return typeof value === 'function' && !(name in members) ? (value.bind(target) as unknown) : value;
    },
  });
}
