import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { createFreshAdmin } from '../../../src/adapters/kafka/fresh-admin.ts';

/** Connections by number, and which of them were left. Brokers have no part in whom is asked next. */
function connections() {
  const left: number[] = [];
  let made = 0;
  const numbers = new Map<unknown, number>();
  const kafka: Pick<Kafka, 'admin'> = {
    admin() {
      const number = ++made;
      const admin = {
        connect: () => Promise.resolve(),
        disconnect: () => Promise.resolve(void left.push(number)),
      } as unknown as Admin;
      numbers.set(admin, number);
      return admin;
    },
  };
  return { kafka, left, numberOf: (admin: Admin) => Promise.resolve(numbers.get(admin) ?? 0) };
}

const refuse = (): Promise<never> => Promise.reject(new Error('not the leader'));

describe('an admin that is made anew after an error', () => {
  it('asks over one connection for as long as all goes well, and leaves it in the end', async () => {
    const { kafka, left, numberOf } = connections();
    const admin = createFreshAdmin(kafka);
    expect([await admin.ask('It', numberOf), await admin.ask('It', numberOf)]).toEqual([1, 1]);
    await admin.close();
    expect(left).toEqual([1]);
    await expect(admin.ask('It', numberOf)).rejects.toThrow('after the end');
  });

  it('asks over another after an error, and leaves the former when nobody waits for it any more', async () => {
    const { kafka, left, numberOf } = connections();
    const admin = createFreshAdmin(kafka);
    let answer: (value: string) => void = () => undefined;
    const slow = admin.ask('It', () => new Promise<string>((resolve) => (answer = resolve)));
    await expect(admin.ask('It', refuse)).rejects.toThrow('not the leader');
    expect(await admin.ask('It', numberOf)).toBe(2);
    expect(left).toEqual([]);
    answer('late');
    expect(await slow).toBe('late');
    await delay(0);
    expect(left).toEqual([1]);
    await admin.close();
  });

  it('waits for no answer for ever', async () => {
    const { kafka, left, numberOf } = connections();
    const admin = createFreshAdmin(kafka, 20);
    await expect(admin.ask('The end of ratings', () => new Promise(() => undefined))).rejects.toMatchObject({
      code: 'FRESHET_BROKER',
      retriable: true,
      message: expect.stringContaining('The end of ratings was not told for 0.02 s') as string,
    });
    expect(await admin.ask('It', numberOf)).toBe(2);
    expect(left).toEqual([1]);
    await admin.close();
  });
});
