import { describe, expect, it } from 'vitest';
import { defineCommand, type Outcome } from '../../src/cli/command.ts';
import { dispatch } from '../../src/cli/dispatch.ts';
import { CommitFailedError } from '../../src/errors.ts';
import { capturedIo } from '../support/captured-io.ts';

const probe = (run: (values: Record<string, unknown>, signal: AbortSignal) => Promise<Outcome>) =>
  defineCommand({
    name: 'probe',
    summary: 'try things',
    positionals: {
      what: { type: 'choice', choices: ['user', 'item'], required: true, doc: 'Which kind.' },
      id: { type: 'text', doc: 'Which one.' },
    },
    settings: {
      httpPort: { type: 'integer', min: 0, max: 65535, default: 8080, unit: 'port', doc: 'Where it listens.' },
      brokers: { type: 'list', doc: 'Whom to ask.' },
      scale: { type: 'scale', doc: 'From where to where.' },
      colour: { type: 'boolean', default: true, doc: 'Whether it shines.' },
    },
    rules: [
      {
        needs: ['id', 'what'],
        problem: ({ id, what }) => (what === 'user' && id === undefined ? 'user needs an ID' : undefined),
      },
    ],
    examples: [{ line: 'probe item --http-port 1', shows: 'Try an item' }],
    run: (values, { signal }) => run(values, signal),
  });

async function given(
  words: string[],
  run: (values: Record<string, unknown>, signal: AbortSignal) => Promise<Outcome> = () => Promise.resolve('fine'),
  environment: Record<string, string> = {},
) {
  let received: Record<string, unknown> | undefined;
  const { io, written, controller } = capturedIo();
  const command = probe((values, signal) => {
    received = values;
    return run(values, signal);
  });
  const registry = { probe: () => Promise.resolve(command) };
  const code = await dispatch(words, { registry, environment, version: '1.2.3', io });
  return { code, received, controller, ...written };
}

describe('dispatch', () => {
  it('hands a command its values', async () => {
    const { code, received } = await given([
      'probe',
      'item',
      '--http-port=1',
      'i7',
      '--brokers',
      'a',
      '--brokers',
      'b,c',
      '--no-colour',
    ]);
    expect(code).toBe(0);
    expect(received).toEqual({
      what: 'item',
      id: 'i7',
      httpPort: 1,
      brokers: ['a', 'b', 'c'],
      scale: undefined,
      colour: false,
      json: false,
      verbose: false,
    });
  });

  it('takes a value that begins with a minus, and words after -- as they are', async () => {
    const { received } = await given(['probe', '--scale', '-10..10', 'item', '--', '--help']);
    expect(received).toMatchObject({ scale: { lo: -10, hi: 10 }, id: '--help' });
  });

  it('reads the environment, but not for the words of the line', async () => {
    const { code, received } = await given(['probe', 'item'], undefined, {
      FRESHET_HTTP_PORT: '9',
      FRESHET_ID: 'x',
      FRESHET_JSON: 'true',
    });
    expect(code).toBe(0);
    expect(received).toMatchObject({ httpPort: 9, json: true, id: undefined });
  });

  it('reports every problem of a line at once, with exit code 2', async () => {
    const { code, stderr, received } = await given([
      'probe',
      'thing',
      '--htp-port',
      '80',
      '--http-port',
      'x',
      '--http-port',
      '1',
      '--brokers',
      '--json',
      '--zzzzz=1',
      'a',
      'b',
    ]);
    expect(code).toBe(2);
    expect(received).toBeUndefined();
    expect(stderr).toContain('--htp-port is not a flag of this command; did you mean --http-port?');
    expect(stderr).toContain('--http-port is given twice, as x and 1');
    expect(stderr).toContain('--brokers needs a value, and --json is a flag');
    expect(stderr).toContain('--zzzzz is not a flag');
    expect(stderr).toContain('--http-port is "x", which is not a whole number');
    expect(stderr).toContain('WHAT is "thing"');
    expect(stderr).toContain('"b" is one word too many');
    expect(stderr).toContain('7 problems');
    expect(stderr).toContain('freshet probe --help');
  });

  it('lets rules see the words of the line', async () => {
    expect((await given(['probe', 'user'])).stderr).toContain('user needs an ID');
    expect((await given(['probe', 'user', 'u1'])).code).toBe(0);
  });

  it('says which word is missing', async () => {
    const { code, stderr } = await given(['probe']);
    expect(code).toBe(2);
    expect(stderr).toContain('WHAT is missing (user | item): Which kind.');
  });

  it('suggests the command that was meant', async () => {
    const { code, stderr } = await given(['prob']);
    expect(code).toBe(2);
    expect(stderr).toBe('freshet: "prob" is not a command; did you mean probe?\n');
    expect((await given(['toString'])).code).toBe(2);
  });

  it('lists the commands, and fails when none is given', async () => {
    const asked = await given(['--help']);
    expect(asked.code).toBe(0);
    expect(asked.stdout).toContain('probe  try things');
    const forgotten = await given([]);
    expect(forgotten.code).toBe(2);
    expect(forgotten.stderr).toContain('probe  try things');
  });

  it('describes a command with its examples, whatever else is on the line', async () => {
    const { code, stdout, received } = await given(['probe', '--wrong', '--help']);
    expect(code).toBe(0);
    expect(received).toBeUndefined();
    expect(stdout).toContain('Usage: freshet probe WHAT [ID] [flags]');
    expect(stdout).toContain('--http-port PORT');
    expect(stdout).toContain('(0..65535; default 8080) [FRESHET_HTTP_PORT]');
    expect(stdout).toContain('  # Try an item\n  freshet probe item --http-port 1\n');
    expect(stdout).toContain('--json');
    expect(stdout).toContain('--config FILE');
  });

  it('prints the version', async () => {
    expect(await given(['--version'])).toMatchObject({ code: 0, stdout: '1.2.3\n' });
  });

  it('turns the outcome of a command into the exit code', async () => {
    expect((await given(['probe', 'item'], () => Promise.resolve('failed'))).code).toBe(1);
  });

  it('prints an error of ours without its stack, and with it and its cause under --verbose', async () => {
    const fail = () => Promise.reject(new CommitFailedError('the disk said no', {}, new Error('EIO')));
    const brief = await given(['probe', 'item'], fail);
    expect(brief).toMatchObject({ code: 1, stderr: 'freshet: the disk said no\n' });
    const long = await given(['probe', 'item', '--verbose'], fail);
    expect(long.stderr).toContain('FRESHET_COMMIT_FAILED');
    expect(long.stderr).toMatch(/\n {4}at /);
    expect(long.stderr).toContain('caused by Error: EIO');
    expect((await given(['probe', 'item'], fail, { FRESHET_VERBOSE: '1' })).stderr).toContain('caused by');
  });

  it('prints any other error as a bug, with its stack', async () => {
    const { code, stderr } = await given(['probe', 'item'], () => Promise.reject(new TypeError('x is not a function')));
    expect(code).toBe(1);
    expect(stderr).toContain('This is a bug');
    expect(stderr).toMatch(/TypeError: x is not a function\n {4}at /);
  });

  it('says that it was stopped when a command gives up on the signal', async () => {
    const { io, written, controller } = capturedIo();
    const command = probe((_, signal) => {
      controller.abort(new Error('SIGINT'));
      signal.throwIfAborted();
      return Promise.resolve('fine');
    });
    const registry = { probe: () => Promise.resolve(command) };
    expect(await dispatch(['probe', 'item'], { registry, environment: {}, version: '', io })).toBe(1);
    expect(written.stderr).toBe('freshet: stopped before it was done (SIGINT)\n');
  });
});
