/** What Freshet's topics are created with, and what they are held to. */
import { defaultTopics, type KafkaTopics } from './changelog.ts';

export type TopicRole = keyof KafkaTopics;
export const topicRoles = Object.keys(defaultTopics) as readonly TopicRole[];

/** The topic of models is not divided as the ratings are. */
export const hasOnePartition = (role: TopicRole): boolean => role === 'models';

export const isChangelog = (role: TopicRole): boolean => role === 'users' || role === 'items';

const hourMs = 3_600_000;

/** Followers that are later than this would miss changes. */
export const itemsCompactionLagMs = hourMs;

/**
 * Changelogs: small segments that are compacted soon, so that a restore reads little more than what is live. The open
 * segment is never compacted, hence the limit on its age. Dead letters outlive the people who have to look at them,
 * and receipts those who have to prove that a user is forgotten.
 */
export const topicSettings: Readonly<Record<TopicRole, Readonly<Record<string, string>>>> = {
  ratings: { 'cleanup.policy': 'delete' },
  predictions: { 'cleanup.policy': 'delete' },
  recommendations: { 'cleanup.policy': 'compact' },
  // Nobody waits for an answer longer than that.
  requests: { 'cleanup.policy': 'delete', 'retention.ms': String(24 * hourMs) },
  answers: { 'cleanup.policy': 'delete', 'retention.ms': String(24 * hourMs) },
  // A dead letter is the refused record and some more: a record at its own topic's limit must still fit.
  deadLetters: {
    'cleanup.policy': 'delete',
    'retention.ms': String(30 * 24 * hourMs),
    'max.message.bytes': String(16 * 1024 * 1024),
  },
  receipts: { 'cleanup.policy': 'delete', 'retention.ms': String(30 * 24 * hourMs) },
  users: changelog(0),
  items: changelog(itemsCompactionLagMs),
  // Artifacts come in pieces below a megabyte; old versions are deleted, and compacted away.
  models: changelog(0),
};

function changelog(compactionLagMs: number): Readonly<Record<string, string>> {
  return {
    'cleanup.policy': 'compact',
    'segment.bytes': String(64 * 1024 * 1024),
    'segment.ms': String(hourMs),
    'min.cleanable.dirty.ratio': '0.2',
    // A local snapshot that is half as old may have missed deletions, and is not used any more.
    'delete.retention.ms': String(24 * hourMs),
    'min.compaction.lag.ms': String(compactionLagMs),
  };
}
