/** What becomes of a record that cannot be used: its untouched bytes go out with the reason. */
import type { RejectedRecordError } from '../errors.ts';
import type { InputRecord } from '../ports/transport.ts';
import type { Task } from './task.ts';

export function deadLetter(task: Task, topic: string, record: InputRecord, error: RejectedRecordError): void {
  const { codec, clock } = task.tools;
  task.counts.reject(error.code);
  const { partition } = task;
  const { offset, key, value } = record;
  const letter = codec.encodeDeadLetter({
    key,
    value,
    code: error.code,
    reason: error.message,
    topic,
    partition,
    offset,
    schemaId: value === null ? null : codec.schemaIdOf(value),
    refusedAtMs: clock.nowMs(),
  });
  task.deadLetterBytes += letter.length;
  task.deadLetters.push({ key: key === null ? null : new Uint8Array(key), value: letter });
}
