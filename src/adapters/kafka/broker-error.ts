/** What kafkajs throws, as errors that say what to do. Its wrappers hide the cause: it is looked for here. */
import { BrokerError, FreshetError } from '../../errors.ts';

interface KafkaFailure extends Error {
  readonly type?: string;
  readonly code?: string | number;
  readonly retriable?: boolean;
  readonly errors?: readonly unknown[];
  readonly originalError?: unknown;
}

/** The error and all that it wraps or aggregates, outermost first. */
export function causesOf(error: unknown, depth = 0): KafkaFailure[] {
  if (!(error instanceof Error) || depth > 8) return [];
  const { cause, originalError, errors = [] } = error as KafkaFailure;
  return [error, ...[cause, originalError, ...errors].flatMap((inner) => causesOf(inner, depth + 1))];
}

/** Protocol errors that a change of credentials or rights mends, and nothing else. */
const refusal = /AUTHENTICATION|AUTHORIZATION|SASL|SECURITY_DISABLED/;
const certificateProblem =
  /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS|ERR_SSL|certificate|wrong version number|disconnected before secure TLS/i;
/** kafkajs says of these that they may be retried, but they are no protocol errors and have no `type`. */
const connectionNames =
  /^KafkaJS(Connection|ConnectionClosed|RequestTimeout|LockTimeout|BrokerNotFound|MetadataNotLoaded|TopicMetadataNotLoaded|NoBrokerAvailable|NumberOfRetriesExceeded|GroupCoordinatorNotFound)/;

const isRefusal = ({ name, type }: KafkaFailure): boolean =>
  name === 'KafkaJSSASLAuthenticationError' || (type !== undefined && refusal.test(type));
const isCertificateProblem = ({ code, message }: KafkaFailure): boolean =>
  certificateProblem.test(typeof code === 'string' ? code : '') || certificateProblem.test(message);

/** True when the same request may succeed once brokers are back and leaders known. */
export function isWorthRetrying(error: unknown): boolean {
  const causes = causesOf(error);
  if (causes.some((cause) => cause instanceof FreshetError || isRefusal(cause) || isCertificateProblem(cause)))
    return false;
  return causes.some(({ name, retriable }) => retriable === true || connectionNames.test(name));
}

/** `what` begins a sentence: "Reading partition 3 of freshet-users". */
export function asBrokerError(error: unknown, what: string, brokers: readonly string[]): FreshetError {
  const causes = causesOf(error);
  const own = causes.find((cause) => cause instanceof FreshetError);
  if (own instanceof FreshetError) return own;
  const at = brokers.join(',');
  const context = { brokers: at, type: causes.find(({ type }) => type !== undefined)?.type ?? null };
  const reasons = [...new Set(causes.map(reasonOf))].filter((reason) => reason !== '');
  const reason = reasons.length === 0 ? String(error) : reasons.join('; ');
  const say = (retriable: boolean, advice: string): BrokerError =>
    new BrokerError(`${what} failed at ${at}: ${reason}. ${advice}`, retriable, context, error);

  if (causes.some(isCertificateProblem)) {
    return say(
      false,
      'The TLS handshake failed: give the certificate of the authority that signed the brokers’ certificates, connect by a name that is in them, and use the port that speaks TLS.',
    );
  }
  if (causes.some(isRefusal)) {
    return say(false, 'Check the SASL mechanism, the user and password or the token, and what the user may do.');
  }
  if (causes.some(({ type }) => type === 'UNKNOWN_TOPIC_OR_PARTITION')) {
    return say(true, 'The topic does not exist, or not yet: `freshet topics check` says what is missing.');
  }
  if (isWorthRetrying(error)) {
    return say(
      true,
      'Check that the brokers run, and that the address, TLS and SASL settings are those of the listener.',
    );
  }
  return say(false, '`freshet topics check` and the brokers’ logs say more.');
}

/** The broker's own word in front of kafkajs' sentence; aggregating wrappers say nothing themselves. */
function reasonOf({ name, type, message }: KafkaFailure): string {
  if (name === 'KafkaJSAggregateError') return '';
  const text = message.replace(/[.\s]+$/, '');
  return type === undefined || text.includes(type) ? text : `${type}: ${text}`;
}
