import { expect, test } from 'vitest';
import type { EngineReads } from '../../../src/adapters/embedded/engine.ts';
import { createItemFeeds } from '../../../src/adapters/embedded/item-feeds.ts';
import { bytesOf, summingFollower } from '../../contracts/transport-harness.ts';

const change = (delta: number) => [{ itemId: 'a', afterImage: null, delta: bytesOf(String(delta)) }];

test('a commit that the snapshot shows before it is announced is handed over once', async () => {
  const mark = { epoch: 1, committedOffset: 0, commitCount: 0 };
  const engine = {
    partitionCount: 1,
    mark: () => mark,
    async visit(_partition, visitor) {
      visitor.item?.('a', bytesOf('1'));
      return { ...mark, commitCount: 1 };
    },
  } satisfies Partial<EngineReads>;
  const feeds = createItemFeeds(engine as unknown as EngineReads);
  const feed = feeds.open({});
  const follower = summingFollower();
  const owner = {};
  await feed.follow(follower, () => true);
  feeds.publish(0, owner, change(1));
  feeds.publish(0, owner, change(2));
  await feed.follow(follower, () => true);
  expect(follower.heard).toEqual(['contribution 0 a 1', 'delta 0 a 2']);
});
