/** `freshet run`, built, as a child process: started on a folder or on Kafka, talked to over HTTP, killed or stopped. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** Its log. */
  readonly stdout: string;
}

export interface RunningWorker {
  /** Where it serves, without a slash at the end. */
  readonly url: string;
  readonly pid: number;
  /** Resolves once the process is gone. */
  readonly exited: Promise<Exit>;
  kill(signal: 'SIGKILL' | 'SIGTERM'): void;
}

/** What came of starting: it serves, or it ended before it did. */
export type Started = { readonly kind: 'ready'; readonly worker: RunningWorker } | ({ readonly kind: 'ended' } & Exit);

/** How each that runs is killed, and when it is gone. */
const alive = new Map<() => void, Promise<unknown>>();

/** For `afterEach`: no test leaves a process behind, nor one that still writes into its folder. */
export async function killAll(): Promise<void> {
  for (const kill of alive.keys()) kill();
  await Promise.allSettled(alive.values());
}

export const tryStart = (folder: string, flags: readonly string[] = []): Promise<Started> =>
  tryRun(['--data', folder, ...flags]);

export interface RunOptions {
  /** By the name of their environment variable. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Hears of every line that it logs. */
  readonly onLine?: (line: string) => void;
}

/** What the line says that a worker logs once it serves. The last line of one that is killed may be half a line. */
export function readyPort(line: string): number | undefined {
  const [, port] = /"httpPort":(\d+)\b.*"msg":"ready"\}$/.exec(line) ?? [];
  return port === undefined ? undefined : Number(port);
}

/** `place`: where the log is, and any other flags. */
export async function tryRun(place: readonly string[], { settings, onLine }: RunOptions = {}): Promise<Started> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('FRESHET_'));
  const environment = { ...Object.fromEntries(inherited), ...settings };
  const words = [main, 'run', ...place, '--http-port', '0'];
  const child = spawn(process.execPath, words, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = (): boolean => child.kill('SIGKILL');
  let stderr = '';
  let stdout = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exited = new Promise<Exit>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      alive.delete(kill);
      resolve({ code, signal, stderr, stdout });
    });
  });
  alive.set(kill, exited);
  const ready = new Promise<number>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      stdout += `${line}\n`;
      onLine?.(line);
      const httpPort = readyPort(line);
      if (httpPort !== undefined) resolve(httpPort);
    });
  });
  const outcome = await Promise.race([ready, exited]);
  if (typeof outcome !== 'number') return { kind: 'ended', ...outcome };
  return {
    kind: 'ready',
    worker: {
      url: `http://127.0.0.1:${outcome}`,
      pid: child.pid ?? -1,
      exited,
      kill: (signal) => void child.kill(signal),
    },
  };
}

/** Starts it, or throws what it said instead. */
export async function start(folder: string, flags: readonly string[] = []): Promise<RunningWorker> {
  const started = await tryStart(folder, flags);
  if (started.kind === 'ready') return started.worker;
  throw new Error(`freshet run ended with ${started.code ?? started.signal ?? 'nothing'}: ${started.stderr}`);
}

/** Stops it as an operator does. */
export function stop(worker: RunningWorker): Promise<Exit> {
  worker.kill('SIGTERM');
  return worker.exited;
}

/** Next offset of partition 0 that is learned and durable. */
export async function committedOffset(worker: RunningWorker): Promise<number> {
  const text = await (await fetch(`${worker.url}/metrics`)).text();
  return Number(/^freshet_committed_offset\{partition="0"\} (\S+)$/m.exec(text)?.[1] ?? -1);
}
