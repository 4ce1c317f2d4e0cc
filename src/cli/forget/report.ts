export interface ForgetReport {
  readonly userId: string;
  readonly partition: number;
  /** Of the tombstone in the ratings log. */
  readonly offset: number;
  /** Null when nobody has said so: a worker that was asked answers before it has looked, or no receipt came. */
  readonly known: boolean | null;
  readonly rememberedRatings: number | null;
  /** Kafka: when the worker did it, by its receipt; null when none came. */
  readonly forgottenAt?: string | null;
  /** Kafka: how long a receipt was waited for at the most. */
  readonly waitedMs?: number;
}

export function forgetText(report: ForgetReport): string {
  const { userId, partition, offset, known, rememberedRatings, forgottenAt, waitedMs } = report;
  const where = `tombstone at offset ${offset} of partition ${partition}`;
  if (known === null) {
    if (waitedMs === undefined) return `The worker forgets user ${userId} as soon as it gets there (${where}).\n`;
    const silence = waitedMs === 0 ? '' : `, and no worker has processed it within ${waitedMs / 1000} s`;
    return `User ${userId} will be forgotten: the ${where} is durable${silence}. It is done when a worker gets there.\n`;
  }
  if (!known) return `Nothing was known of user ${userId} (${where}).\n`;
  return [
    `User ${userId} is forgotten (${where}${typeof forgottenAt === 'string' ? `, processed at ${forgottenAt}` : ''}): `,
    `row, level and factors are deleted, and ${rememberedRatings ?? 0} remembered ratings `,
    'taken out of the mean and of their items.\n',
    'What older ratings left in the items stays, like what all of them taught the factors of items, and the records in the log.\n',
  ].join('');
}
