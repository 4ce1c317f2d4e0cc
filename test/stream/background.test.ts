import { describe, expect, it } from 'vitest';
import { Background } from '../../src/stream/background.ts';

const notAsked = (error: unknown): void => {
  throw error;
};

describe('work in the background', () => {
  it('is left out while the same is under way, and is begun again afterwards', async () => {
    const background = new Background();
    let begun = 0;
    let end = (): void => undefined;
    const work = (): Promise<void> => {
      begun++;
      return new Promise((resolve) => (end = resolve));
    };
    for (let asked = 0; asked < 3; asked++) background.start(work, notAsked);
    expect(begun).toBe(1);
    end();
    await background.ended();
    background.start(work, notAsked);
    expect(begun).toBe(2);
    end();
    await background.ended();
  });

  it('tells of a failure, whenever it comes, and is begun again', async () => {
    const background = new Background();
    const failures: unknown[] = [];
    const failed = (error: unknown): number => failures.push(error);
    const works: (() => Promise<void>)[] = [
      () => Promise.reject(new Error('later')),
      () => {
        throw new Error('at once');
      },
      () => Promise.resolve(),
    ];
    for (const work of works) {
      background.start(work, failed);
      await background.ended();
    }
    expect(failures).toEqual([new Error('later'), new Error('at once')]);
  });

  it('has ended before it began', async () => {
    await new Background().ended();
  });
});
