/** One broker of a local cluster: a JVM that is both broker and controller. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readyLine } from './broker-properties.ts';
import { hasEnded, type GuardedProcesses } from './guarded-processes.ts';
import type { Java } from './java.ts';
import { until } from './until.ts';

/** What a broker is run with. */
export interface BrokerProgram {
  readonly java: Java;
  readonly classPath: string;
  /** Further flags of the JVM. */
  readonly flags: readonly string[];
}

/** Starts faster than it would by default, at the price of a lower top speed that tests do not reach. */
const quickStart = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

function words(program: BrokerProgram, folder: string, heap: string, main: readonly string[]): string[] {
  return [
    `-Xmx${heap}`,
    ...quickStart,
    ...program.flags,
    '-Djava.awt.headless=true',
    '-Dlog4j2.disable.jmx=true',
    `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
    '-cp',
    program.classPath,
    ...main,
  ];
}

/** Writes the identity of a node into its empty data folder. `scram` are users, as the storage tool takes them. */
export async function formatNode(
  processes: GuardedProcesses,
  program: BrokerProgram,
  nodeId: number,
  clusterId: string,
  scram: readonly string[],
): Promise<void> {
  const name = `format-${nodeId}`;
  const users = scram.flatMap((user) => ['--add-scram', user]);
  const main = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', configFile(processes, nodeId), ...users];
  // Formatting runs without an archive that is being recorded: the server's classes are what it is for.
  const plain = { ...program, flags: program.flags.filter((flag) => !flag.startsWith('-XX:ArchiveClassesAtExit')) };
  const child = processes.run(name, program.java.program('java'), words(plain, processes.folder, '256m', main));
  child.ref();
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`formatting node ${nodeId} failed: ${lastLines(processes, name)}`);
}

/** Resolves once the broker serves. */
export async function startNode(
  processes: GuardedProcesses,
  program: BrokerProgram,
  nodeId: number,
  heap: string,
): Promise<ChildProcess> {
  const name = `node-${nodeId}`;
  const main = ['kafka.Kafka', configFile(processes, nodeId)];
  const child = processes.run(name, program.java.program('java'), words(program, processes.folder, heap, main));
  await until(
    `node ${nodeId} serves`,
    () => {
      if (logOf(processes, name).includes(readyLine)) return true;
      if (hasEnded(child)) throw new Error(`node ${nodeId} ended while starting: ${lastLines(processes, name)}`);
      return false;
    },
    90_000,
    50,
  );
  return child;
}

export function configFile(processes: GuardedProcesses, nodeId: number): string {
  return join(processes.folder, `node-${nodeId}.properties`);
}

function logOf(processes: GuardedProcesses, name: string): string {
  return readFileSync(join(processes.folder, `${name}.log`), 'utf8');
}

function lastLines(processes: GuardedProcesses, name: string): string {
  return logOf(processes, name).trim().split('\n').slice(-15).join('\n');
}
