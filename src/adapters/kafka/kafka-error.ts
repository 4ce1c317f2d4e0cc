/** What went wrong at the broker, as the decision that the caller must take. */
import { CommitFailedError, FencedError, FreshetError, TopicRefusedError } from '../../errors.ts';

/** A later producer with the same transactional id has bumped the epoch, or the broker did when it ended a transaction. */
const fencedTypes = ['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'];
/** The same records would be refused again, and again. */
const refusedTypes = [
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'TOPIC_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'POLICY_VIOLATION',
];

/** The broker's own word for the error, found through what kafkajs wraps around it; null when there is none. */
export function brokerErrorType(error: unknown): string | null {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; depth++) {
    const { type, cause, originalError } = at as Error & { type?: unknown; originalError?: unknown };
    if (typeof type === 'string') return type;
    at = cause ?? originalError;
  }
  return null;
}

export function isFencing(error: unknown): boolean {
  const type = brokerErrorType(error);
  return type !== null && fencedTypes.includes(type);
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What a failed publication of a partition's checkpoint means. */
export function asCommitError(error: unknown, partition: number): FreshetError {
  if (error instanceof FreshetError) return error;
  const type = brokerErrorType(error);
  if (isFencing(error)) return fenced(partition, error);
  if (type !== null && refusedTypes.includes(type)) {
    return new TopicRefusedError(
      `The broker refuses the checkpoint of partition ${partition} (${type}: ${messageOf(error)}), and would again. ` +
        'Check max.message.bytes and the access rights of the topics with `freshet topics check`.',
      { partition, type },
      error,
    );
  }
  return new CommitFailedError(
    `Publishing a checkpoint of partition ${partition} failed (${messageOf(error)}), its outcome is unknown. Recover and process again.`,
    { partition, type },
    error,
  );
}

/** What a failed append of ratings means: the caller cannot know whether they were written. */
export function asAppendError(error: unknown, topic: string, partition: number): FreshetError {
  if (error instanceof FreshetError) return error;
  const type = brokerErrorType(error);
  if (type !== null && refusedTypes.includes(type)) {
    return new TopicRefusedError(
      `The broker refuses ratings for partition ${partition} of ${topic} (${type}: ${messageOf(error)}), and would again. ` +
        'Send fewer or smaller ratings at once, or check the topic with `freshet topics check`.',
      { topic, partition, type },
      error,
    );
  }
  return new CommitFailedError(
    `Appending ratings to partition ${partition} of ${topic} failed (${messageOf(error)}): they may be there or not. Send them again; with an eventId they count once.`,
    { topic, partition, type },
    error,
  );
}

export function fenced(partition: number, cause?: unknown): FencedError {
  return new FencedError(
    `Partition ${partition} was taken over by a later owner: nothing was written. Drop the task.`,
    { partition },
    cause,
  );
}
