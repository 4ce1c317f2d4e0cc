/** A command in this process, from its words to its exit code. */
import { dispatch } from '../../src/cli/dispatch.ts';
import { registry } from '../../src/cli/registry.ts';
import { capturedIo } from './captured-io.ts';

export async function runCommand(...words: readonly string[]) {
  const { io, written } = capturedIo();
  const code = await dispatch(words, { registry, environment: {}, version: '0', io });
  return { code, ...written };
}

/** With --json; throws what it wrote on stderr when it failed. */
export async function runForJson<T = Record<string, unknown>>(...words: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await runCommand(...words, '--json');
  if (code !== 0) throw new Error(`freshet ${words.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
