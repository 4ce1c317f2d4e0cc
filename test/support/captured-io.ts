import { Writable } from 'node:stream';
import type { CommandIo } from '../../src/cli/command.ts';

/** Streams that remember what was written, and a signal that the test may abort. */
export function capturedIo() {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written[name] += chunk.toString();
        done();
      },
    });
  const controller = new AbortController();
  const io: CommandIo = { stdout: stream('stdout'), stderr: stream('stderr'), signal: controller.signal };
  return { io, written, controller };
}
