import { describe, expect, it } from 'vitest';
import { createDater } from '../../../src/adapters/http/receive-time.ts';

describe('the time of receipt', () => {
  it('fills a time that is missing or null, and no other', () => {
    const date = createDater('ratedAt', 0);
    expect(date({ userId: 'u1' })).toEqual({ userId: 'u1', ratedAt: '1970-01-01T00:00:00.000Z' });
    expect(date({ ratedAt: null })).toEqual({ ratedAt: '1970-01-01T00:00:00.000Z' });
    expect(date({ ratedAt: 5 })).toEqual({ ratedAt: 5 });
    expect(date({ ratedAt: 'nonsense' })).toEqual({ ratedAt: 'nonsense' });
  });

  it('goes where the configured field is', () => {
    const date = createDater('event.at', 0);
    expect(date({ sku: 'i1' })).toEqual({ sku: 'i1', event: { at: '1970-01-01T00:00:00.000Z' } });
    expect(date({ event: { at: 7 } })).toEqual({ event: { at: 7 } });
    expect(date({ event: 'text' })).toEqual({ event: 'text' });
  });

  it.each([null, 7, 'text', [1, 2], true])('leaves %j alone', (entry) => {
    expect(createDater('ratedAt', 0)(structuredClone(entry))).toEqual(entry);
  });
});
