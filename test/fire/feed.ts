/** Ratings, put into the topic at a steady rate whatever becomes of the brokers. */
import { setTimeout as delay } from 'node:timers/promises';
import { Partitioners, type Producer } from 'kafkajs';
import { createCodec } from '../../src/adapters/avro/codec.ts';
import { partitionOf } from '../../src/stream/partition-of.ts';
import { testClient } from '../support/kafka/topics.ts';

export const scale = { lo: 1, hi: 5 };
export const codec = createCodec({ scale, nowMs: () => Date.now() });
const firstRatedAtMs = 1_600_000_000_000;
const tickMs = 50;

export interface FeedOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly partitionCount: number;
  readonly events: number;
  readonly users: number;
  readonly items: number;
  readonly perSecond: number;
}

export interface Feed {
  /** Ratings that were acknowledged. */
  sent(): number;
  /** Resolves when all of them are. */
  readonly done: Promise<void>;
  stop(): void;
}

/** The n-th rating: every user in turn, and never an item that the user has rated already. */
export function ratingOf(n: number, users: number, items: number): { userId: string; itemId: string; rating: number } {
  const user = n % users;
  const turn = Math.floor(n / users);
  const item = (user * 7 + turn * (1 + (user % 3) * 2)) % items;
  const taste = ((user * 31 + item * 17) % 11) / 11;
  return { userId: `user-${user}`, itemId: `item-${item}`, rating: 1 + (Math.round(4 * (0.3 + 0.7 * taste)) % 5) };
}

/**
 * A send that failed is sent again, so that a rating may come twice when a broker dies: what counts is what the topic
 * holds in the end.
 */
export function startFeed({ brokers, topic, partitionCount, events, users, items, perSecond }: FeedOptions): Feed {
  let sent = 0;
  let stopping = false;
  let producer: Producer | null = null;

  async function connected(): Promise<Producer> {
    if (producer !== null) return producer;
    const next = testClient(brokers).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await next.connect();
    return (producer = next);
  }

  /** A partition at a time: kafkajs loses count of sends to several brokers one of which fails. */
  async function send(from: number, to: number): Promise<void> {
    const messages = Array.from({ length: to - from }, (_, i) => recordOf(from + i));
    for (let partition = 0; partition < partitionCount; partition++) {
      const own = messages.filter((message) => message.partition === partition);
      while (own.length > 0 && !stopping) {
        try {
          await (await connected()).send({ topic, messages: own });
          break;
        } catch {
          await producer?.disconnect().catch(() => undefined);
          producer = null;
          await delay(100);
        }
      }
    }
  }

  function recordOf(n: number): { key: Buffer; value: Buffer; partition: number } {
    const key = Buffer.from(ratingOf(n, users, items).userId);
    const rating = { ...ratingOf(n, users, items), ratedAtMs: firstRatedAtMs + n * 1000, eventId: null, weight: 1 };
    return { key, value: Buffer.from(codec.encodeRating(rating)), partition: partitionOf(key, partitionCount) };
  }

  async function run(): Promise<void> {
    const startMs = performance.now();
    while (sent < events && !stopping) {
      const due = Math.min(events, Math.floor(((performance.now() - startMs + tickMs) * perSecond) / 1000));
      // What an outage has held up comes in portions.
      const to = Math.min(due, sent + perSecond);
      if (to > sent) {
        await send(sent, to);
        sent = to;
      }
      await delay(tickMs);
    }
    await producer?.disconnect();
  }

  return { sent: () => sent, done: run(), stop: () => void (stopping = true) };
}
