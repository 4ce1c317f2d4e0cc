import { describe, expect, it } from 'vitest';
import { advertisedAddress, parseAdvertised } from '../../src/cli/run/advertised-address.ts';

const local = { advertise: undefined, port: 8080, brokers: ['localhost:9092', '127.0.0.1:9093'] };
const remote = { ...local, brokers: ['localhost:9092', 'kafka.example:9092'] };

describe('the address that other workers are told', () => {
  it('is what was given, with the port that the server got', () => {
    const facts = { ...remote, host: '0.0.0.0' };
    expect(advertisedAddress({ ...facts, advertise: '10.0.0.5' })).toBe('http://10.0.0.5:8080');
    expect(advertisedAddress({ ...facts, advertise: 'worker-1:80' })).toBe('http://worker-1');
    expect(advertisedAddress({ ...facts, advertise: '[fd00::1]' })).toBe('http://[fd00::1]:8080');
    expect(advertisedAddress({ ...facts, advertise: 'https://workers.example/one/' })).toBe(
      'https://workers.example/one',
    );
  });

  it('is the one it listens on', () => {
    expect(advertisedAddress({ ...remote, host: '10.0.0.5' })).toBe('http://10.0.0.5:8080');
    expect(advertisedAddress({ ...remote, host: 'fd00::1' })).toBe('http://[fd00::1]:8080');
  });

  it('is a loopback address only where the brokers are on this machine', () => {
    expect(advertisedAddress({ ...local, host: '127.0.0.1' })).toBe('http://127.0.0.1:8080');
    expect(advertisedAddress({ ...local, host: '::1' })).toBe('http://[::1]:8080');
    expect(advertisedAddress({ ...local, brokers: ['[::1]:9092'], host: '::1' })).toBe('http://[::1]:8080');
    expect(advertisedAddress({ ...remote, host: '127.0.0.1' })).toBeNull();
  });

  it('is the only one of this machine when it listens on all, and nothing when there are several', () => {
    const facts = { ...remote, host: '0.0.0.0' };
    expect(advertisedAddress({ ...facts, ownAddresses: () => ['10.0.0.7'] })).toBe('http://10.0.0.7:8080');
    expect(advertisedAddress({ ...facts, ownAddresses: () => ['10.0.0.7', '172.17.0.1'] })).toBeNull();
    expect(advertisedAddress({ ...facts, host: '::', ownAddresses: () => [] })).toBeNull();
  });

  it.each(['ftp://x', 'a b', 'x/y', 'http://', 'user@x', ''])('is not %j', (text) => {
    expect(parseAdvertised(text, 8080)).toBeNull();
  });
});
