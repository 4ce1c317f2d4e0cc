/** A schema registry for tests: Apicurio's application from Maven Central, through its Confluent API. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache-folder.ts';
import { freePorts } from './free-ports.ts';
import { endProcess, guardedProcesses, hasEnded, type GuardedProcesses } from './guarded-processes.ts';
import { findJava, maven, type Java } from './java.ts';
import { until } from './until.ts';
import { apicurioVersion, mavenDependencyPlugin } from './versions.ts';

export interface Registry {
  /** Base of the Confluent API, without a slash at the end. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A registry of one's own, to see what happens without it. */
export interface LocalRegistry extends Registry {
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, at the same address and with the same schemas. Resolves when it serves. */
  start(): Promise<void>;
}

/** The one of FRESHET_TEST_REGISTRY, else a local one. */
export async function startRegistry(): Promise<Registry> {
  const given = process.env.FRESHET_TEST_REGISTRY;
  if (given === undefined) return startLocalRegistry();
  return { url: given.replace(/\/$/, ''), stop: () => Promise.resolve() };
}

/** Fetches it on first use (142 MB). @throws Error with the reason why none can be run on this machine. */
export async function registryProgram(): Promise<{ java: Java; jar: string }> {
  const java = await findJava();
  const artifact = `io.apicurio:apicurio-registry-app:${apicurioVersion}:tar.gz:all`;
  const folder = await cached(`apicurio-${apicurioVersion}`, (unfinished) =>
    maven([`${mavenDependencyPlugin}:unpack`, `-Dartifact=${artifact}`, `-DoutputDirectory=${unfinished}`]),
  );
  return { java, jar: join(folder, `apicurio-registry-app-${apicurioVersion}-runner.jar`) };
}

export async function startLocalRegistry(): Promise<LocalRegistry> {
  const program = await registryProgram();
  const processes = guardedProcesses('freshet-registry-');
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port!}/apis/ccompat/v7`;
  const launch = () => startProcess(processes, program, port!, url);
  try {
    let child = await launch();
    return {
      url,
      kill: () => endProcess(child, 'SIGKILL'),
      async start() {
        child = await launch();
      },
      stop: () => processes.end(),
    };
  } catch (error) {
    await processes.end();
    throw error;
  }
}

async function startProcess(
  processes: GuardedProcesses,
  { java, jar }: { java: Java; jar: string },
  port: number,
  url: string,
): Promise<ChildProcess> {
  const child = processes.run('registry', java.program('java'), [
    '-Xmx256m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-Dquarkus.http.host=127.0.0.1',
    `-Dquarkus.http.port=${port}`,
    // A file that is written at once, where the default is memory: a killed registry comes back with its schemas.
    `-Dquarkus.datasource.jdbc.url=jdbc:h2:file:${join(processes.folder, 'schemas')};WRITE_DELAY=0`,
    '-jar',
    jar,
  ]);
  await until(
    'the schema registry serves',
    async () => {
      if (hasEnded(child)) throw new Error(readFileSync(join(processes.folder, 'registry.log'), 'utf8').slice(-2000));
      return (await fetch(`${url}/subjects`).catch(() => undefined))?.ok;
    },
    90_000,
    50,
  );
  return child;
}
