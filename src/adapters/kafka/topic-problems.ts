/** What is wrong with the topics, each with the command that mends it. Pure: topics.ts asks the broker. */
import type { KafkaTopics } from './changelog.ts';
import {
  hasOnePartition,
  isChangelog,
  itemsCompactionLagMs,
  topicRoles,
  topicSettings,
  type TopicRole,
} from './topic-settings.ts';

export interface TopicState {
  readonly partitionCount: number;
  /** Settings by name, defaults included. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface TopicProblem {
  readonly topic: string;
  /** Errors make the worker lose or refuse something; warnings make it slower or lose something later. */
  readonly severity: 'error' | 'warning';
  readonly problem: string;
  /** The command that mends it. */
  readonly command: string;
}

/** Ratings that are kept shorter than this are easily lost before they are learned. */
const shortRetentionMs = 24 * 3_600_000;
const largeSegmentBytes = 256 * 1024 * 1024;

export function topicProblems(
  topics: KafkaTopics,
  found: ReadonlyMap<string, TopicState>,
  brokers: readonly string[],
): TopicProblem[] {
  const at = `--bootstrap-server ${brokers.join(',')}`;
  const ratings = found.get(topics.ratings);
  return topicRoles.flatMap((role) => {
    const state = found.get(topics[role]);
    if (state === undefined) return [missing(role, topics, at)];
    return [...partitionProblems(role, topics, state, ratings, at), ...settingProblems(role, topics[role], state, at)];
  });
}

function missing(role: TopicRole, topics: KafkaTopics, at: string): TopicProblem {
  const partitions = role === 'ratings' ? ' --partitions N' : '';
  return {
    topic: topics[role],
    severity: 'error',
    problem: `The topic ${topics[role]} does not exist.`,
    command: `freshet topics create --brokers ${at.slice(at.indexOf(' ') + 1)}${partitions}`,
  };
}

function partitionProblems(
  role: TopicRole,
  topics: KafkaTopics,
  { partitionCount }: TopicState,
  ratings: TopicState | undefined,
  at: string,
): TopicProblem[] {
  if (ratings === undefined || hasOnePartition(role) || partitionCount === ratings.partitionCount) return [];
  const topic = topics[role];
  const counts = `${topic} has ${partitionCount} partitions where ${topics.ratings} has ${ratings.partitionCount}`;
  if (!isChangelog(role)) {
    const command =
      partitionCount < ratings.partitionCount
        ? `kafka-topics.sh ${at} --alter --topic ${topic} --partitions ${ratings.partitionCount}`
        : `kafka-topics.sh ${at} --delete --topic ${topic} && freshet topics create --brokers ${at.slice(at.indexOf(' ') + 1)}`;
    const why =
      role === 'requests'
        ? 'a request must come to the task that holds its user.'
        : 'each task writes to the partition of its own number.';
    return [{ topic, severity: 'error', problem: `${counts}: ${why}`, command }];
  }
  return [
    {
      topic,
      severity: 'error',
      problem:
        `${counts}: users are now sent to other partitions than those that hold their state, so the worker does not start. ` +
        'Either copy the ratings into a new topic with the old number of partitions and name that, or, while all ratings are still kept, ' +
        'stop all workers, delete both changelogs and the consumer group, and learn everything anew.',
      command:
        `kafka-topics.sh ${at} --delete --topic ${topics.users} && kafka-topics.sh ${at} --delete --topic ${topics.items} && ` +
        `kafka-consumer-groups.sh ${at} --delete --group GROUP && freshet topics create --brokers ${at.slice(at.indexOf(' ') + 1)}`,
    },
  ];
}

function settingProblems(role: TopicRole, topic: string, { settings }: TopicState, at: string): TopicProblem[] {
  const problems: TopicProblem[] = [];
  const report = (severity: TopicProblem['severity'], name: string, value: string, why: string): void => {
    const list = value.includes(',') ? `[${value}]` : value;
    problems.push({
      topic,
      severity,
      problem: `${topic} has ${name}=${settings[name] ?? '(unknown)'}: ${why}`,
      command: `kafka-configs.sh ${at} --alter --entity-type topics --entity-name ${topic} --add-config ${name}=${list}`,
    });
  };
  const policies = (settings['cleanup.policy'] ?? '').split(',').map((policy) => policy.trim());
  const numberOf = (name: string): number => Number(settings[name] ?? NaN);

  if (isChangelog(role) || role === 'models') {
    if (!policies.includes('compact') || policies.includes('delete')) {
      report(
        'error',
        'cleanup.policy',
        'compact',
        role === 'models'
          ? 'networks that serve would be deleted.'
          : 'state that was not changed for a while would be deleted.',
      );
    }
    if (numberOf('segment.bytes') > largeSegmentBytes) {
      report(
        'warning',
        'segment.bytes',
        topicSettings[role]['segment.bytes'] ?? '',
        'the open segment is not compacted, so a restore reads more than it needs.',
      );
    }
    if (role === 'items' && numberOf('min.compaction.lag.ms') < itemsCompactionLagMs) {
      report(
        'warning',
        'min.compaction.lag.ms',
        String(itemsCompactionLagMs),
        'a worker that follows late misses changes and has to restart.',
      );
    }
  } else if (role === 'recommendations') {
    if (!policies.includes('compact')) {
      report(
        'error',
        'cleanup.policy',
        'compact',
        "a user's latest recommendations would be deleted, or never replaced.",
      );
    }
  } else if (policies.includes('compact')) {
    const why =
      role === 'ratings'
        ? 'ratings of a user are dropped before they are learned.'
        : 'records without a key are refused, and older answers vanish.';
    report('error', 'cleanup.policy', 'delete', why);
  }
  const retentionMs = numberOf('retention.ms');
  if (role === 'ratings' && policies.includes('delete') && retentionMs >= 0 && retentionMs < shortRetentionMs) {
    report(
      'warning',
      'retention.ms',
      String(7 * 24 * 3_600_000),
      'ratings are gone after an outage of that length, before they are learned.',
    );
  }
  return problems;
}
