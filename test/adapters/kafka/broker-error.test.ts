import kafkajs from 'kafkajs';
import { expect, test } from 'vitest';
import { asBrokerError, isWorthRetrying } from '../../../src/adapters/kafka/broker-error.ts';
import { CorruptStateError } from '../../../src/errors.ts';

const { KafkaJSAggregateError, KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } = kafkajs;

const protocolError = (type: string, message: string, retriable = false): Error =>
  new KafkaJSProtocolError({ type, message, retriable, code: 0 } as unknown as Error);
const say = (error: unknown) => asBrokerError(error, 'Creating topics', ['b:9092']);

test('says what the errors are that kafkajs aggregates', () => {
  const error = new KafkaJSAggregateError('Topic creation errors', [
    protocolError('TOPIC_AUTHORIZATION_FAILED', 'Not authorized to access topics'),
    protocolError('INVALID_REPLICATION_FACTOR', 'Replication factor is below 1 or larger than the number of brokers'),
  ]);
  expect(say(error)).toMatchObject({ code: 'FRESHET_BROKER', retriable: false, cause: error });
  expect(say(error).message).toMatch(
    /^Creating topics failed at b:9092: TOPIC_AUTHORIZATION_FAILED: Not authorized.*INVALID_REPLICATION_FACTOR: /,
  );
});

test('says what was retried in vain', () => {
  const cause = new KafkaJSConnectionError('Connection error: connect ECONNREFUSED', { code: 'ECONNREFUSED' });
  const error = new KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 3, retryTime: 9 });
  expect(isWorthRetrying(error)).toBe(true);
  expect(say(error)).toMatchObject({ retriable: true });
  expect(say(error).message).toContain('ECONNREFUSED');
});

test('tells refusals and bad certificates from outages', () => {
  const cases: [Error, boolean][] = [
    [protocolError('NOT_LEADER_FOR_PARTITION', 'moved', true), true],
    [protocolError('SASL_AUTHENTICATION_FAILED', 'no', true), false],
    [protocolError('GROUP_AUTHORIZATION_FAILED', 'no'), false],
    [new KafkaJSConnectionError('x', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }), false],
    [new KafkaJSConnectionError('Closed connection', {}), true],
    [new TypeError('a bug'), false],
  ];
  for (const [error, retriable] of cases) {
    expect(isWorthRetrying(error)).toBe(retriable);
    expect(say(error)).toMatchObject({ retriable });
  }
});

test('lets errors of our own through, however they are wrapped', () => {
  const own = new CorruptStateError('it is');
  expect(say(own)).toBe(own);
  expect(say(new KafkaJSNumberOfRetriesExceeded(own, { retryCount: 1, retryTime: 1 }))).toBe(own);
});
