/**
 * Every error of the project: one code each, one class for each decision that the caller must take.
 *
 * Message grammar: what happened with the values; why, if known; what to do.
 * Every code is described in docs/errors.md (a test compares the two).
 */

/** Plain values that go into the log beside the message. */
export type ErrorContext = Readonly<Record<string, string | number | boolean | null>>;

export abstract class FreshetError extends Error {
  abstract readonly code: string;
  /** True when the same call may succeed later without anybody changing anything. */
  abstract readonly retriable: boolean;
  readonly context: ErrorContext;

  constructor(message: string, context: ErrorContext = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.context = context;
  }
}

/** Why an input record was refused. The record goes to the dead letters, untouched, and the stream goes on. */
export const rejectionCodes = [
  'FRESHET_UNDECODABLE',
  'FRESHET_UNKNOWN_SCHEMA',
  'FRESHET_MESSAGE_TOO_LARGE',
  'FRESHET_WRONG_TYPE',
  'FRESHET_ID_INVALID',
  'FRESHET_RATING_NOT_FINITE',
  'FRESHET_RATING_OUTSIDE_SCALE',
  'FRESHET_TIME_INVALID',
  'FRESHET_WEIGHT_INVALID',
  'FRESHET_REQUEST_INVALID',
] as const;
export type RejectionCode = (typeof rejectionCodes)[number];

/** One input record cannot become a rating: dead-letter it and go on. */
export class RejectedRecordError extends FreshetError {
  readonly code: RejectionCode;
  readonly retriable = false;
  constructor(code: RejectionCode, message: string, context: ErrorContext = {}, cause?: unknown) {
    super(message, context, cause);
    this.code = code;
  }
}

/** The user gave flags, settings or files that cannot work: exit code 2, every problem at once. */
export class UsageError extends FreshetError {
  readonly code = 'FRESHET_USAGE';
  readonly retriable = false;
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.length === 1 ? (problems[0] ?? '') : `${problems.length} problems:\n  - ${problems.join('\n  - ')}`);
    this.problems = problems;
  }
}

/** No room for a further row: lower the caps, or use the plain kernel, and start again. */
export class RowMemoryFullError extends FreshetError {
  readonly code = 'FRESHET_ROW_MEMORY_FULL';
  readonly retriable = false;
}

/** A ratings file cannot be read as ratings: nothing of it was used. */
export class RatingsFileError extends FreshetError {
  readonly code = 'FRESHET_RATINGS_FILE';
  readonly retriable = false;
}

/** Publishing a checkpoint failed, or its outcome is unknown: put memory back, fence, read the committed offset, go on. */
export class CommitFailedError extends FreshetError {
  readonly code = 'FRESHET_COMMIT_FAILED';
  readonly retriable = true;
}

/** Someone else owns the partition now: drop the task, write nothing more for it. */
export class FencedError extends FreshetError {
  readonly code = 'FRESHET_FENCED';
  readonly retriable = false;
}

/** The partition of a user is not held here right now (moving, or restoring): ask again shortly. */
export class NotOwnedError extends FreshetError {
  readonly code = 'FRESHET_NOT_OWNED';
  readonly retriable = true;
}

/** The disk under the data folder is full: stop accepting, keep what is there, start again after making room. */
export class StorageFullError extends FreshetError {
  readonly code = 'FRESHET_STORAGE_FULL';
  readonly retriable = true;
}

/** Another process holds the data folder: stop at start. */
export class DataFolderLockedError extends FreshetError {
  readonly code = 'FRESHET_DATA_LOCKED';
  readonly retriable = true;
}

/** The data folder is not ours, is damaged, or was written by a newer version: stop at start, change nothing. */
export class DataFolderError extends FreshetError {
  readonly code = 'FRESHET_DATA_FOLDER';
  readonly retriable = false;
}

/** Durable state cannot be read back as what it should be: abandon the task rather than learn on top of it. */
export class CorruptStateError extends FreshetError {
  readonly code = 'FRESHET_CORRUPT_STATE';
  readonly retriable = false;
}

/** The backlog is at its limit: the caller should come back later; nothing of the request was accepted. */
export class OverloadedError extends FreshetError {
  readonly code = 'FRESHET_OVERLOADED';
  readonly retriable = true;
}

/** A running worker did not answer a command's request, or refused it: tell the user, who knows what became of it. */
export class WorkerRequestError extends FreshetError {
  readonly code = 'FRESHET_WORKER_REQUEST';
  readonly retriable = false;
}

/** The schema registry did not answer, or refused: the partition that needs it waits and asks again when it is retriable. */
export class RegistryError extends FreshetError {
  readonly code = 'FRESHET_REGISTRY';
  readonly retriable: boolean;
  constructor(message: string, retriable: boolean, context: ErrorContext = {}, cause?: unknown) {
    super(message, context, cause);
    this.retriable = retriable;
  }
}

/** Ratings were deleted from the log before they were learned: stop, and let a person choose between the two ways out. */
export class LostOffsetError extends FreshetError {
  readonly code = 'FRESHET_LOST_OFFSET';
  readonly retriable = false;
}

/** A topic refuses what has to be written, and would again: stop; its settings or access rights must change. */
export class TopicRefusedError extends FreshetError {
  readonly code = 'FRESHET_TOPIC_REFUSED';
  readonly retriable = false;
}

/** A Kafka broker cannot be reached, or refused: wait and try again when it is retriable, stop otherwise. */
export class BrokerError extends FreshetError {
  readonly code = 'FRESHET_BROKER';
  readonly retriable: boolean;
  constructor(message: string, retriable: boolean, context: ErrorContext = {}, cause?: unknown) {
    super(message, context, cause);
    this.retriable = retriable;
  }
}

/** Item changes of other workers were compacted away before they were followed: only a restart makes items whole. */
export class LostChangesError extends FreshetError {
  readonly code = 'FRESHET_LOST_CHANGES';
  readonly retriable = false;
}

/** There are too few ratings to train on and to judge by: keep what serves, and train when there are more. */
export class WindowTooSmallError extends FreshetError {
  readonly code = 'FRESHET_WINDOW_TOO_SMALL';
  readonly retriable = true;
}

/** A training came to nothing: keep what serves; the message says whether settings or the machine are to blame. */
export class TrainingFailedError extends FreshetError {
  readonly code = 'FRESHET_TRAINING_FAILED';
  readonly retriable = false;
}

/** A stored network is damaged, foreign, or nothing that can serve: refuse it, and go on with what serves. */
export class ArtifactError extends FreshetError {
  readonly code = 'FRESHET_ARTIFACT';
  readonly retriable = false;
}

/** A bug of ours: please report it. */
export class InvariantViolation extends FreshetError {
  readonly code = 'FRESHET_BUG';
  readonly retriable = false;
}
