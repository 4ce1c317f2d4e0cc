/** The subject a schema is registered under, by the three usual strategies. */
export const subjectStrategies = ['topic', 'record', 'topic-record'] as const;
export type SubjectStrategy = (typeof subjectStrategies)[number];

/** `record`: the schema's full name. Values only: keys are plain UTF-8. */
export function subjectOf(strategy: SubjectStrategy, topic: string, record: string): string {
  switch (strategy) {
    case 'topic':
      return `${topic}-value`;
    case 'record':
      return record;
    case 'topic-record':
      return `${topic}-${record}`;
  }
}
