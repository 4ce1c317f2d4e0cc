/**
 * kafkajs' log lines in ours. Only fields that are known to be harmless pass. What kafkajs calls an error is retried or
 * thrown at whoever asked, so it is a warning here.
 */
import { logLevel, type logCreator } from 'kafkajs';
import type { Log } from '../../ports/log.ts';

const passedFields = [
  'broker',
  'clientId',
  'error',
  'groupId',
  'memberId',
  'partition',
  'retryCount',
  'retryTime',
  'topic',
  'transactionalId',
];

export function kafkaLogCreator(log: Log): logCreator {
  return () =>
    ({ level, namespace, log: entry }) => {
      const fields: Record<string, unknown> = { source: namespace, says: entry.message };
      for (const name of passedFields) {
        const value: unknown = entry[name];
        if (typeof value === 'string' || typeof value === 'number') fields[name] = value;
      }
      if (level === logLevel.ERROR || level === logLevel.WARN) log.warn(fields, 'kafka client');
      else log.debug(fields, 'kafka client');
    };
}
