/** HTTP in a group of built workers on the real broker: whoever is asked, the worker that holds the user answers. */
import { afterEach, expect, test } from 'vitest';
import { describeKafka, uniqueName } from '../support/kafka/suite.ts';
import { until } from '../support/kafka/until.ts';
import { joinGroup } from './group-member.ts';
import { killAll, stop, type RunningWorker } from './running-worker.ts';

afterEach(killAll);

const users = Array.from({ length: 24 }, (_, i) => `user ${i}/ü`);
const authorization = 'Bearer open-sesame';
const flags = ['--http-token', 'open-sesame'];

async function post({ url }: RunningWorker): Promise<void> {
  // Long ago: what a user would rate depends on the seconds since the last rating, and workers are not asked at the same one.
  const ratedAt = Date.now() - 10 * 86_400_000;
  const entries = users.flatMap((userId, i) =>
    Array.from({ length: 4 }, (_, j) => {
      return { userId, itemId: `item ${(i + j) % 7}`, rating: 1 + ((i + 2 * j) % 5), ratedAt: ratedAt + 60_000 * j };
    }),
  );
  const headers = { 'content-type': 'application/json', authorization };
  const response = await fetch(`${url}/ratings`, { method: 'POST', headers, body: JSON.stringify(entries) });
  expect(response.status).toBe(202);
}

const ask = ({ url }: RunningWorker, path: string): Promise<Response> =>
  fetch(url + path, { headers: { authorization } });
const readsOf = (user: string): string[] => [
  `/users/${encodeURIComponent(user)}/predictions/item%201`,
  `/users/${encodeURIComponent(user)}/recommendations?count=3`,
];

/** The value of a metric, summed over the partitions that the worker has. */
async function metric(worker: RunningWorker, pattern: string): Promise<number> {
  const text = await (await ask(worker, '/metrics')).text();
  return [...text.matchAll(new RegExp(`^${pattern} (\\S+)$`, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0);
}
const learned = (worker: RunningWorker): Promise<number> => metric(worker, 'freshet_committed_offset\\{.*\\}');
const forwarded = (worker: RunningWorker): Promise<number> =>
  metric(worker, 'freshet_http_forwarded_total\\{outcome="answered"\\}');

const number = /-?\d+(\.\d+)?(e-?\d+)?/g;

/** The same words, and the same numbers but for what a second more or less makes of them. */
function isSame(one: string, other: string): boolean {
  const numbers = (text: string): number[] => (text.match(number) ?? []).map(Number);
  const others = numbers(other);
  return (
    one.replace(number, '#') === other.replace(number, '#') &&
    numbers(one).every((value, index) => Math.abs(value - others[index]!) < 1e-3)
  );
}

/** What each worker answers to every read: all of them are 200; true when they are the same. */
async function sameAnswers(workers: readonly RunningWorker[]): Promise<boolean> {
  let same = true;
  for (const path of users.flatMap(readsOf)) {
    const answers = await Promise.all(workers.map((worker) => ask(worker, path)));
    expect(answers.map(({ status }) => status)).toEqual(workers.map(() => 200));
    const [first = '', ...others] = await Promise.all(answers.map((answer) => answer.text()));
    same &&= others.every((other) => isSame(first, other));
  }
  return same;
}

const isReady = async ({ url }: RunningWorker): Promise<boolean> => (await fetch(`${url}/readyz`)).status === 200;

describeKafka('HTTP in a group', () => {
  test('answers for every user at every worker, also at one that owns nothing, and after one was killed', async () => {
    const app = uniqueName('http');
    const [first, second, idle] = await Promise.all([0, 1, 2].map(() => joinGroup(app, 2, flags)));
    const all = [first!, second!, idle!];
    await post(first!);
    await until('all ratings are learned', async () => {
      const counts = await Promise.all(all.map(learned));
      return counts.reduce((sum, count) => sum + count, 0) === 4 * users.length;
    });
    for (const worker of all) await until('it is ready', () => isReady(worker));
    // A worker hears of what others have learned a moment later.
    await until('all answer the same', () => sameAnswers(all));
    const before = await Promise.all(all.map(forwarded));
    expect(await sameAnswers(all)).toBe(true);
    const counts = (await Promise.all(all.map(forwarded))).map((count, index) => count - before[index]!);
    const owned = await Promise.all(all.map((worker) => metric(worker, 'freshet_rows\\{kind="user"\\}')));
    expect(counts).toEqual(owned.map((own) => 2 * (users.length - own)));
    expect(owned.filter((own) => own === 0)).toHaveLength(1);

    expect((await fetch(first!.url + readsOf(users[0]!)[0]!)).status).toBe(401);

    // An owner dies: its users are answered 503 until somebody else has them, and nothing else is ever answered.
    const dies = owned.findIndex((own) => own > 0);
    const alive = all.filter((_, index) => index !== dies);
    all[dies]!.kill('SIGKILL');
    const statuses = new Set<number>();
    await until('the users have moved', async () => {
      const answers = await Promise.all(users.map((user) => ask(alive[0]!, readsOf(user)[0]!)));
      for (const answer of answers) {
        statuses.add(answer.status);
        if (answer.status === 503) expect(answer.headers.get('retry-after')).toBe('1');
      }
      return answers.every(({ status }) => status === 200);
    });
    expect([...statuses].toSorted()).toEqual([200, 503]);
    for (const worker of alive) await until('it is ready again', () => isReady(worker));
    await until('all answer the same', () => sameAnswers(alive));
    for (const worker of alive) expect((await stop(worker)).code).toBe(0);
  }, 120_000);
});
