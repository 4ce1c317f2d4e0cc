/** A progress bar on a terminal; nothing anywhere else. */
import { Presets, SingleBar } from 'cli-progress';
import type { Terminal } from './command.ts';

export interface Progress {
  at(done: number): void;
  stop(): void;
}

export function progressBar(terminal: Terminal, what: string, total: number): Progress {
  if (terminal.isTTY !== true) return { at: () => undefined, stop: () => undefined };
  const bar = new SingleBar(
    {
      format: `${what} {bar} {percentage}% | {value} of {total} | {eta_formatted} left`,
      stream: terminal,
      clearOnComplete: true,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  return { at: (done) => bar.update(done), stop: () => bar.stop() };
}
