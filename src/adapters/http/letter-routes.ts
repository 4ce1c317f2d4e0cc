/** Routes for refused records: the latest of them, and another try. */
import type { FastifyInstance } from 'fastify';
import type { DeadLetterBox, ShownLetter } from '../../ports/dead-letters.ts';
import { countOf } from './count.ts';
import { HttpProblem } from './problem.ts';
import type { Opening } from './readiness.ts';
import { send } from './send.ts';

const lettersCounts = { default: 20, max: 100 };
/** What is shown of a key or a value. */
const shownBytes = 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true });

interface LetterPath {
  Params: { partition: string; offset: string };
}

export function addLetterRoutes(app: FastifyInstance, letters: DeadLetterBox, requireOpen: Opening): void {
  app.get<{ Querystring: { count?: unknown } }>('/dead-letters', async (request, reply) => {
    requireOpen();
    const latest = await letters.latest(countOf(request.query.count, lettersCounts));
    return send(reply, 200, { total: latest.total, letters: latest.letters.map(shown) });
  });

  app.post<LetterPath>('/dead-letters/:partition/:offset/retry', async (request, reply) => {
    requireOpen();
    const { partition, offset } = request.params;
    if (!/^\d{1,6}$/.test(partition) || !/^\d{1,15}$/.test(offset)) {
      throw new HttpProblem('FRESHET_BAD_REQUEST', 'the path does not end with partition and offset of a dead letter');
    }
    const result = await letters.retry(Number(partition), Number(offset));
    switch (result.kind) {
      case 'retried':
        return send(reply, 202, { partition: result.partition, offset: result.offset });
      case 'already-in':
        throw new HttpProblem('FRESHET_NOT_POSSIBLE', 'these bytes were put into the ratings again already');
      case 'refused':
        throw new HttpProblem('FRESHET_NOT_POSSIBLE', `it would be refused again (${result.code}): ${result.reason}`);
      case 'unknown':
        throw new HttpProblem(
          'FRESHET_NOT_FOUND',
          'there is no such dead letter, or too many came after it: `freshet dead-letters replay` tries all of them',
        );
    }
  });
}

function shown(letter: ShownLetter) {
  const { letterPartition, letterOffset, refusedAtMs, code, reason, topic, partition, offset } = letter;
  return {
    partition: letterPartition,
    offset: letterOffset,
    refusedAtMs,
    code,
    reason: reason.slice(0, shownBytes),
    source: { topic, partition, offset },
    schemaId: letter.schemaId,
    isRetried: letter.isRetried,
    key: bytesShown(letter.key),
    value: bytesShown(letter.value),
  };
}

/** As text where it is text, otherwise in base64. */
function bytesShown(bytes: Uint8Array | null) {
  if (bytes === null) return null;
  const head = bytes.subarray(0, shownBytes);
  const shownText = textOf(head, bytes.length > head.length);
  const isText = shownText !== null;
  const text = shownText ?? Buffer.from(head).toString('base64');
  return { bytes: bytes.length, encoding: isText ? ('utf-8' as const) : ('base64' as const), text };
}

/** A cut may go through a character: up to three bytes less then. */
function textOf(bytes: Uint8Array, isCut: boolean): string | null {
  for (let less = 0; less <= (isCut ? 3 : 0); less++) {
    try {
      const text = utf8.decode(bytes.subarray(0, bytes.length - less));
      return /[\u0000-\u0008\u000e-\u001f]/.test(text) ? null : text;
    } catch {
      continue;
    }
  }
  return null;
}
