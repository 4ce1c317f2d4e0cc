/** Refusals of the HTTP surface, and how every error becomes an answer. docs/http.md lists the codes; a test compares. */
import { FreshetError, OverloadedError, RejectedRecordError, StorageFullError } from '../../errors.ts';

export const problemStatus = {
  FRESHET_BAD_REQUEST: 400,
  FRESHET_NOTHING_USABLE: 400,
  FRESHET_UNAUTHORIZED: 401,
  FRESHET_FOREIGN_ORIGIN: 403,
  FRESHET_NOT_FOUND: 404,
  FRESHET_NOT_POSSIBLE: 409,
  FRESHET_BODY_TOO_LARGE: 413,
  FRESHET_TOO_MANY_RATINGS: 413,
  FRESHET_CONTENT_TYPE: 415,
  FRESHET_NOT_READY: 503,
  FRESHET_TOO_MANY_STREAMS: 503,
  FRESHET_PARTLY_STORED: 503,
} as const;
export type ProblemCode = keyof typeof problemStatus;

/** A request that is refused for what it asks, or for when it asks it. */
export class HttpProblem extends FreshetError {
  readonly code: ProblemCode;
  readonly retriable: boolean;
  constructor(code: ProblemCode, message: string) {
    super(message);
    this.code = code;
    this.retriable = problemStatus[code] === 503;
  }
}

/** The body of every answer that is not a success. */
export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string };
}

export interface ErrorAnswer {
  readonly status: number;
  /** The client may repeat the same request after a pause. */
  readonly retry: boolean;
  readonly body: ErrorBody;
}

/** Errors of ours speak for themselves; of anything unexpected the client learns nothing but that it happened. */
export function answerTo(error: unknown): ErrorAnswer {
  if (error instanceof FreshetError) {
    const status = statusOf(error);
    return { status, retry: status === 429 || status === 503, body: errorBody(error.code, error.message) };
  }
  const fromFastify = fastifyProblem(error);
  if (fromFastify !== undefined) return answerTo(fromFastify);
  const message = 'the request failed inside the server; its log has the cause';
  return { status: 500, retry: false, body: errorBody('FRESHET_BUG', message) };
}

export function errorBody(code: string, message: string): ErrorBody {
  return { error: { code, message } };
}

function statusOf(error: FreshetError): number {
  if (error instanceof HttpProblem) return problemStatus[error.code];
  if (error instanceof OverloadedError) return 429;
  if (error instanceof StorageFullError) return 507;
  if (error instanceof RejectedRecordError) return 400;
  return error.retriable ? 503 : 500;
}

/** What fastify refuses by itself before a handler runs. */
function fastifyProblem(error: unknown): HttpProblem | undefined {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') return undefined;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return new HttpProblem(
      'FRESHET_BAD_REQUEST',
      'an id in the path is over 256 bytes; no user or item has such an id',
    );
  }
  if (code === 'FST_ERR_BAD_URL') {
    return new HttpProblem('FRESHET_BAD_REQUEST', 'the path is not percent-encoded UTF-8; encode each id by itself');
  }
  if (error.statusCode === 413) {
    return new HttpProblem('FRESHET_BODY_TOO_LARGE', 'the body is over the limit; send smaller batches');
  }
  if (error.statusCode === 415) {
    return new HttpProblem(
      'FRESHET_CONTENT_TYPE',
      'the content type is not supported; send application/json or application/x-ndjson',
    );
  }
  return error.statusCode < 500 ? new HttpProblem('FRESHET_BAD_REQUEST', error.message) : undefined;
}
