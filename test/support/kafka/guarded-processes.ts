/**
 * A folder and the processes that live on it. When the process that made it ends, by whatever cause (also SIGKILL), a
 * watcher kills them and removes the folder.
 *
 * The watcher learns of the end by its standard input being closed. A process writes its id before it becomes the
 * program, and goes on only while the mark `guarded` is there, which the watcher removes before it reads the ids: there
 * is no moment at which a process could be overlooked.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, closeSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const watch = `cat >/dev/null
rm -f "$0/guarded"
for file in "$0"/*.pid; do [ -f "$file" ] && kill -KILL "$(cat "$file")"; done
tries=0
until rm -rf "$0" || [ $tries -ge 50 ]; do tries=$((tries + 1)); sleep 0.1; done`;
const become = 'name=$1; shift; echo $$ >"$0/$name.pid"; [ -e "$0/guarded" ] && exec "$@"';

export interface GuardedProcesses {
  readonly folder: string;
  /** Runs a program; what it prints goes to `<folder>/<name>.log`, which starts anew. */
  run(name: string, program: string, words: readonly string[]): ChildProcess;
  /** Kills what still runs and removes the folder. */
  end(): Promise<void>;
}

export function guardedProcesses(prefix: string): GuardedProcesses {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  writeFileSync(join(folder, 'guarded'), '');
  // Detached: Ctrl-C reaches the run alone, which then stops what it started in its own order.
  const watcher = spawn('sh', ['-c', watch, folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  watcher.unref();
  const watched = once(watcher, 'exit');
  return {
    folder,
    run(name, program, words) {
      const log = openSync(join(folder, `${name}.log`), 'w');
      const child = spawn('sh', ['-c', become, folder, name, program, ...words], {
        stdio: ['ignore', log, log],
        detached: true,
      });
      closeSync(log);
      child.unref();
      // The id is another process's after a while: nobody may kill by it any more.
      child.once('exit', () => rmSync(join(folder, `${name}.pid`), { force: true }));
      return child;
    },
    async end() {
      watcher.ref();
      watcher.stdin.end();
      await watched;
    },
  };
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Sends the signal and waits until the process is gone; after `graceMs` it is killed. */
export async function endProcess(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL', graceMs = 10_000): Promise<void> {
  if (hasEnded(child)) return;
  child.ref();
  const ended = once(child, 'exit');
  child.kill(signal);
  const force = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(force);
}
