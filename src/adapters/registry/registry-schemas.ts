/**
 * Writers' schemas from a registry, kept in memory: known ones for ever (an id never changes its meaning), unknown ones for
 * a minute (somebody may register them). While the registry is silent the question is asked again and again, ever more
 * slowly, and whoever needs the answer waits.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { RegistryError } from '../../errors.ts';
import type { Log } from '../../ports/log.ts';
import type { SchemaSource } from '../../ports/schema-source.ts';
import type { RegistryClient } from './registry-client.ts';

const maxSchemas = 1000;
const unknownForMs = 60_000;
const slowestAskMs = 5000;
const longestWaitMs = 1000;

export interface RegistrySchemas extends SchemaSource {
  /** The schema of an id as parsed JSON; undefined when there is none, or nobody has asked yet. */
  schemaById(schemaId: number): object | undefined;
  /** Questions that nobody answered since the start: a metric. */
  readonly unansweredCount: number;
  /** Ids that somebody waits for right now. */
  readonly waitingCount: number;
}

export function createRegistrySchemas(client: Pick<RegistryClient, 'schemaById'>, log: Log): RegistrySchemas {
  const known = new LRUCache<number, object>({ max: maxSchemas });
  const unknown = new LRUCache<number, true>({ max: maxSchemas, ttl: unknownForMs });
  const asking = new Map<number, Promise<void>>();
  let unansweredCount = 0;

  async function ask(schemaId: number): Promise<void> {
    for (let waitMs = 250; ; waitMs = Math.min(2 * waitMs, slowestAskMs)) {
      try {
        const answer = await client.schemaById(schemaId);
        if (answer.kind === 'found') known.set(schemaId, answer.value);
        else unknown.set(schemaId, true);
        return;
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        unansweredCount++;
        log.warn({ schemaId, waitMs, reason: error.message }, 'waiting for the schema registry');
      }
      await delay(waitMs, undefined, { ref: false });
    }
  }

  const isKnown = (schemaId: number): boolean => known.has(schemaId) || unknown.has(schemaId);

  return {
    schemaById: (schemaId) => known.get(schemaId),
    isKnown,
    async learn(schemaId) {
      const question = asking.get(schemaId) ?? ask(schemaId).finally(() => asking.delete(schemaId));
      asking.set(schemaId, question);
      const answered = await Promise.race([question.then(() => true), delay(longestWaitMs, false)]);
      return answered && isKnown(schemaId);
    },
    get unansweredCount() {
      return unansweredCount;
    },
    get waitingCount() {
      return asking.size;
    },
  };
}
