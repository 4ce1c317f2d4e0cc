/** Asks a running worker. */
import type { ModelRecord } from '../../ports/models.ts';
import { refused, workerClient, type WorkerAnswer } from '../worker-client.ts';
import type { ModelAnswer, ModelOrder } from './order.ts';

export async function askOverHttp(
  order: ModelOrder,
  url: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<ModelAnswer> {
  const client = workerClient(url, token, signal);
  if (order.action === 'list' || order.action === 'show') {
    const answer = await client.send('GET', 'models');
    if (answer.status !== 200) throw refused(url, answer);
    return { kind: 'records', records: (answer.body as { models: readonly ModelRecord[] }).models };
  }
  const version = order.action === 'promote' ? `?version=${encodeURIComponent(order.version)}` : '';
  const answer = await client.send('POST', `models/${order.kind}/${order.action}${version}`);
  if (answer.status === 409) return { kind: 'refused', reason: reasonOf(answer) };
  if (answer.status >= 300) throw refused(url, answer);
  return { kind: 'done', record: answer.body as ModelRecord };
}

const reasonOf = ({ body }: WorkerAnswer): string =>
  (body as { error?: { message?: string } } | null)?.error?.message ?? 'it gave no reason';
