/** The broker from Maven Central, kept in the cache folder, and clusters of it. */
import { existsSync, readdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from './cache-folder.ts';
import { findJava, maven } from './java.ts';
import { startCluster, type ClusterOptions, type LocalCluster } from './local-cluster.ts';
import type { BrokerProgram } from './local-node.ts';
import { kafkaVersion, mavenDependencyPlugin } from './versions.ts';

const pom = fileURLToPath(new URL('pom.xml', import.meta.url));

/** @throws Error with the reason why no broker can be run on this machine. */
export async function startLocalKafka(options: ClusterOptions = {}): Promise<LocalCluster> {
  return startCluster(await brokerProgram(), options);
}

/** Fetches the jars on first use. @throws Error with the reason why no broker can be run on this machine. */
export async function brokerProgram(): Promise<BrokerProgram> {
  const java = await findJava();
  const jars = await cached(`kafka-${kafkaVersion}`, (folder) =>
    maven([
      '-f',
      pom,
      `${mavenDependencyPlugin}:copy-dependencies`,
      '-DincludeScope=runtime',
      `-DoutputDirectory=${folder}`,
    ]),
  );
  const names = readdirSync(jars).filter((name) => name.endsWith('.jar'));
  const classPath = names
    .toSorted()
    .map((name) => join(jars, name))
    .join(':');
  return withClassArchive({ java, classPath, flags: [] }, join(jars, `classes-${java.version}.jsa`));
}

/**
 * With an archive of the classes that it loads, a broker starts in half the time. It is recorded by a broker that is
 * started once and ends in order; should that fail, brokers start without it.
 */
async function withClassArchive(program: BrokerProgram, archive: string): Promise<BrokerProgram> {
  const unfinished = `${archive}.${process.pid}`;
  try {
    if (!existsSync(archive)) {
      const recorder = await startCluster({ ...program, flags: [`-XX:ArchiveClassesAtExit=${unfinished}`] });
      await recorder.shutDown().finally(() => recorder.stop());
      await rename(unfinished, archive);
    }
    return { ...program, flags: [`-XX:SharedArchiveFile=${archive}`] };
  } catch {
    await rm(unfinished, { force: true });
    return program;
  }
}
