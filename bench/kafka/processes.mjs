/** Child processes of a bench: started, waited for, ended; none is left behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What the process has used so far, on Linux; elsewhere nothing is known. */
export function cpuMsOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return 10 * (Number(user) + Number(system)); // ticks of a hundredth of a second
  } catch {
    return NaN;
  }
}

export const root = fileURLToPath(new URL('../..', import.meta.url));
const alive = new Set();
process.on('exit', () => alive.forEach((child) => child.kill('SIGKILL')));

/** Resolves when the child has printed a line for which `isReady` is true; that line is `ready`. */
export async function start(command, args, isReady) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  alive.add(child);
  const exited = once(child, 'exit').finally(() => alive.delete(child));
  const ready = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (isReady(line)) resolve(line);
      else if (!line.startsWith('{"level":30')) process.stderr.write(`${line}\n`);
    });
    exited.then(([code]) => reject(new Error(`${command} ${args.join(' ')} ended with ${code}`)), reject);
  });
  return {
    ready,
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** A built worker; resolves once it serves. */
export function startFreshet(args, nodeFlags = []) {
  const words = [...nodeFlags, 'dist/main.js', 'run', ...args, '--http-port', '0'];
  return start(process.execPath, words, (line) => line.includes('"msg":"ready"'));
}
