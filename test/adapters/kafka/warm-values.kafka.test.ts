import { expect, test } from 'vitest';
import { itemRecord } from '../../../src/adapters/kafka/changelog.ts';
import { changelogValues, type LatestValues } from '../../../src/adapters/kafka/latest-values.ts';
import { createWarmValues } from '../../../src/adapters/kafka/warm-values.ts';
import { describeKafka } from '../../support/kafka/suite.ts';
import { givenReader, givenTopic, givenWriter, textOf } from './given-reader.ts';

const item = (image: string) => itemRecord(Buffer.from(image), Buffer.from('delta'), 0, 1);

async function given(limitBytes?: number) {
  const reader = givenReader();
  const topics = { users: await givenTopic({}, 2), items: await givenTopic({}, 2) };
  const cold = changelogValues(reader, topics);
  const warm = createWarmValues({ latest: cold, reader, topics, ...(limitBytes === undefined ? {} : { limitBytes }) });
  const users = await givenWriter(topics.users, reader);
  const items = await givenWriter(topics.items, reader);
  await users.commit([
    { key: 'u/1', value: 'one' },
    { key: 'u/2', value: 'two' },
    { key: 'u/gone', value: 'x' },
  ]);
  await items.commit([{ key: 'i', value: item('first') }]);
  return { warm, cold, users, items };
}

async function read(latest: LatestValues, role: 'users' | 'items', partition = 0) {
  const values: string[] = [];
  const { fromChangelog, position } = await latest.visit(role, partition, (key, value) => {
    values.push(`${key}=${textOf(value)}`);
  });
  return { values, fromChangelog, position };
}

describeKafka('values that were read ahead', () => {
  test('are handed over with what was written since, of which alone is read', async () => {
    const { warm, cold, users, items } = await given();
    await warm.warm([0, 1]);
    await users.commit([
      { key: 'u/1', value: 'one again' },
      { key: 'u/gone', value: null },
      { key: 'u/new', value: 'new' },
    ]);
    await items.commit([{ key: 'i', value: item('second') }]);
    warm.keep([0, 1]);
    for (const [role, written] of [
      ['users', 3],
      ['items', 1],
    ] as const) {
      const expected = await read(cold, role);
      expect(await read(warm, role)).toEqual({ ...expected, fromChangelog: written });
      // Only once: what is read later begins anew.
      expect(await read(warm, role)).toEqual(expected);
    }
    expect((await read(cold, 'users')).values).toEqual(['u/2=two', 'u/1=one again', 'u/new=new']);
    expect((await read(warm, 'users', 1)).values).toEqual([]);
  });

  test('are dropped when the partition went elsewhere, and are not held when they are too many', async () => {
    const elsewhere = await given();
    await elsewhere.warm.warm([0]);
    elsewhere.warm.keep([1]);
    expect(await read(elsewhere.warm, 'users')).toEqual(await read(elsewhere.cold, 'users'));
    const tooMany = await given(10);
    await tooMany.warm.warm([0]);
    expect(await read(tooMany.warm, 'users')).toEqual(await read(tooMany.cold, 'users'));
  });
});
