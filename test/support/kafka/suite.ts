/** What a test on a real broker starts from. Its file is called `*.kafka.test.ts`. */
import { randomUUID } from 'node:crypto';
import { describe, inject } from 'vitest';
import './global-setup.ts';

/** The brokers of this run, host:port. Empty when there are none; then `describeKafka` skips. */
export const brokers: string[] = [...inject('kafkaBrokers')];

/** A suite that is skipped when no broker could be had. */
export const describeKafka = describe.skipIf(brokers.length === 0);

/** A suite that starts clusters of its own with `startLocalKafka`, to kill them; skipped when they cannot be had. */
export const describeLocalKafka = describe.skipIf(!inject('hasLocalKafka'));

/** A suite that is skipped when no schema registry could be had. */
export const describeRegistry = describe.skipIf(!inject('hasRegistry'));

/** A name that no other test has: for topics, groups and transactional ids. Topics are never deleted, nor names used again. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`;
}
