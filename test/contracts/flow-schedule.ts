/** Random schedules: what is sent, and what happens to the workers meanwhile. */
import fc from 'fast-check';
import type { OutputRecord } from '../../src/ports/transport.ts';
import { forget, rate, withdraw } from '../support/flow-inputs.ts';
import { testNowMs } from '../support/test-clock.ts';

export const scheduleUsers = ['ann', 'bob', 'cy', 'dee', 'eve', 'flo'];
export const scheduleItems = ['i0', 'i1', 'i2', 'i3', 'i4', 'i5', 'i6'];

export interface FlowEvent {
  readonly kind: 'rate' | 'withdraw' | 'forget' | 'bad';
  readonly user: number;
  readonly item: number;
  /** 1..10 half stars. */
  readonly halfStars: number;
  readonly weight: number;
  /** Since a fixed day: later events may be older. */
  readonly minutes: number;
  /** From a small pool, so that ids come twice. */
  readonly eventId: number | null;
}

export type Step =
  | { readonly kind: 'send'; readonly events: readonly FlowEvent[] }
  /** The event loop turns; work under way goes on. */
  | { readonly kind: 'turns'; readonly count: number }
  /** Every worker's period passes: checkpoint and follow, in the background. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'checkpoint'; readonly worker: number }
  | { readonly kind: 'follow'; readonly worker: number }
  | { readonly kind: 'move'; readonly partition: number; readonly to: number; readonly how: 'hand over' | 'steal' }
  | { readonly kind: 'crash worker'; readonly worker: number }
  | { readonly kind: 'crash all' }
  | { readonly kind: 'fail commit'; readonly when: 'before' | 'after' }
  /** The transport delivers once more from that many records earlier. */
  | { readonly kind: 'rewind'; readonly partition: number; readonly records: number }
  | { readonly kind: 'ask'; readonly user: number; readonly item: number }
  | { readonly kind: 'catch up' };

export interface Schedule {
  readonly partitionCount: number;
  readonly workerCount: number;
  readonly checkpointEvents: number;
  readonly batchRecordCount: number;
  /** Rows that fit into memory; null: all. */
  readonly cap: number | null;
  readonly steps: readonly Step[];
}

const event: fc.Arbitrary<FlowEvent> = fc.record({
  kind: fc.oneof(
    { weight: 12, arbitrary: fc.constant('rate' as const) },
    { weight: 2, arbitrary: fc.constant('withdraw' as const) },
    { weight: 1, arbitrary: fc.constant('forget' as const) },
    { weight: 1, arbitrary: fc.constant('bad' as const) },
  ),
  user: fc.nat({ max: scheduleUsers.length - 1 }),
  item: fc.nat({ max: scheduleItems.length - 1 }),
  halfStars: fc.integer({ min: 1, max: 10 }),
  weight: fc.constantFrom(1, 1, 0.5, 2.5),
  minutes: fc.nat({ max: 3000 }),
  eventId: fc.option(fc.nat({ max: 9 }), { freq: 3 }),
});

const worker = fc.nat({ max: 2 });
const partition = fc.nat({ max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      events: fc.array(event, { minLength: 1, maxLength: 9 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('turns' as const), count: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'tick' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('checkpoint' as const), worker }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('follow' as const), worker }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      partition,
      to: worker,
      how: fc.constantFrom('hand over' as const, 'steal' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash worker' as const), worker }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash all' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('fail commit' as const),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('rewind' as const),
      partition,
      records: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      user: fc.nat({ max: scheduleUsers.length }),
      item: fc.nat({ max: scheduleItems.length }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'catch up' as const }) },
);

export const schedule: fc.Arbitrary<Schedule> = fc.record({
  // One task is the case that bit-equality is about.
  partitionCount: fc.constantFrom(1, 1, 2, 3),
  workerCount: fc.integer({ min: 1, max: 3 }),
  checkpointEvents: fc.integer({ min: 1, max: 12 }),
  batchRecordCount: fc.integer({ min: 1, max: 20 }),
  cap: fc.constantFrom(null, null, 1, 2),
  steps: fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }),
});

const utf8 = new TextEncoder();
const badValues: readonly Uint8Array[] = [
  utf8.encode('{"userId":'),
  utf8.encode('{"userId":"u","itemId":"i","rating":99,"ratedAt":0}'),
  Uint8Array.of(0, 0, 0, 0, 9, 1),
  Uint8Array.of(0xff, 0xff, 0xff),
];

export function recordOf(from: FlowEvent): OutputRecord {
  const userId = scheduleUsers[from.user]!;
  const itemId = scheduleItems[from.item]!;
  const extras = {
    weight: from.weight,
    ratedAtMs: testNowMs - 30 * 86_400_000 + from.minutes * 60_000,
    // One user's ratings share a partition, so that a duplicate is one: ids are the user's own.
    eventId: from.eventId === null ? null : `${userId} ${from.eventId}`,
  };
  switch (from.kind) {
    case 'rate':
      return rate(userId, itemId, from.halfStars / 2, extras);
    case 'withdraw':
      return withdraw(userId, itemId, extras);
    case 'forget':
      return forget(userId);
    case 'bad':
      return { key: utf8.encode(userId), value: badValues[from.item % badValues.length]! };
  }
}
