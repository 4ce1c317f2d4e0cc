/** Settings of a broker for tests, wherever it runs. */
export type Properties = Readonly<Record<string, string | number>>;

/** Groups and transactions that settle quickly, small internal topics, compaction within moments. */
export function testProperties(nodeCount: number): Properties {
  const replicas = Math.min(nodeCount, 3);
  const inSync = replicas === 1 ? 1 : replicas - 1;
  return {
    'auto.create.topics.enable': 'false',
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': 1,
    // A killed broker may only come back once its old session has expired.
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 500,
    'log.cleaner.backoff.ms': 200,
    'log.cleaner.dedupe.buffer.size': 8_388_608,
    'log.cleaner.delete.retention.ms': 1000,
    'log.segment.delete.delay.ms': 1000,
    'log.retention.check.interval.ms': 1000,
    'log.initial.task.delay.ms': 500,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'background.threads': 2,
  };
}

export function propertiesText(properties: Properties): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** The same as environment variables, as the broker's images read them. Names with dashes or underscores are not taken. */
export function propertiesEnvironment(properties: Properties): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      `KAFKA_${name.toUpperCase().replaceAll('.', '_')}`,
      String(value),
    ]),
  );
}

/** Console logging; the line by which a broker is known to be ready is at INFO. */
export const log4jProperties = `status=ERROR
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{HH:mm:ss.SSS} %p %c{1}: %m%n
rootLogger.level=INFO
rootLogger.appenderRef.out.ref=out
`;
/** Logged once the broker is registered and serves; that its port takes connections says less. */
export const readyLine = 'Kafka Server started';
