/** A Kafka cluster of one or three JVMs on the loopback address. */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { log4jProperties, propertiesText, testProperties, type Properties } from './broker-properties.ts';
import { freePorts } from './free-ports.ts';
import { endProcess, guardedProcesses, type GuardedProcesses } from './guarded-processes.ts';
import { configFile, formatNode, startNode, type BrokerProgram } from './local-node.ts';
import { makeCertificate, saslUser, scramUsers, secureProperties } from './secure-listeners.ts';

export interface ClusterOptions {
  /** 1 unless given. */
  readonly nodeCount?: 1 | 3;
  /** Adds the listeners of `LocalCluster.secure`. */
  readonly secure?: boolean;
  /** Most memory of a node's heap, as the JVM takes it. */
  readonly heap?: string;
  /** Broker settings over those for tests. */
  readonly properties?: Properties;
}

export interface SecureListeners {
  readonly saslBrokers: readonly string[];
  readonly tlsBrokers: readonly string[];
  /** PEM of the certificate that vouches for `tlsBrokers`. */
  readonly certificate: string;
  readonly username: string;
  readonly password: string;
}

export interface LocalCluster {
  /** host:port of every node, in the order of their ids from 1 on. */
  readonly brokers: readonly string[];
  readonly secure: SecureListeners | undefined;
  /** SIGKILL. Resolves when the node is gone. */
  kill(nodeId?: number): Promise<void>;
  /** SIGTERM. Resolves when the node is gone. */
  shutDown(nodeId?: number): Promise<void>;
  /** Starts a node that was killed or shut down, on its data and ports. Resolves when it serves. */
  start(nodeId?: number): Promise<void>;
  /** Ends every node and removes the data. */
  stop(): Promise<void>;
}

/** Resolves when every node serves. */
export async function startCluster(program: BrokerProgram, options: ClusterOptions = {}): Promise<LocalCluster> {
  for (let attempt = 1; ; attempt++) {
    const processes = guardedProcesses('freshet-kafka-');
    try {
      return await launch(processes, program, options);
    } catch (error) {
      await processes.end();
      // Another program may take a port between its choice and its use.
      if (attempt === 3 || !String(error).includes('Address already in use')) throw error;
    }
  }
}

async function launch(
  processes: GuardedProcesses,
  program: BrokerProgram,
  options: ClusterOptions,
): Promise<LocalCluster> {
  const { nodeCount = 1, secure: wantsSecure = false } = options;
  const heap = options.heap ?? (nodeCount === 1 ? '512m' : '384m');
  const nodeIds = Array.from({ length: nodeCount }, (_, index) => index + 1);
  const addresses = (await freePorts(4 * nodeCount)).map((port) => `127.0.0.1:${port}`);
  const listening = (listener: number): string[] => addresses.slice(listener * nodeCount, (listener + 1) * nodeCount);
  const [brokers, controllers, saslBrokers, tlsBrokers] = [listening(0), listening(1), listening(2), listening(3)];
  const tls = wantsSecure ? await makeCertificate(program.java, processes.folder) : undefined;
  writeFileSync(join(processes.folder, 'log4j2.properties'), log4jProperties);
  for (const nodeId of nodeIds) {
    const at = nodeId - 1;
    const public_ = [
      `PLAINTEXT://${brokers[at]!}`,
      ...(tls === undefined ? [] : [`SASL_PLAINTEXT://${saslBrokers[at]!}`, `SASL_SSL://${tlsBrokers[at]!}`]),
    ].join(',');
    const properties = {
      'process.roles': 'broker,controller',
      'node.id': nodeId,
      'controller.quorum.voters': nodeIds.map((id) => `${id}@${controllers[id - 1]!}`).join(','),
      listeners: `${public_},CONTROLLER://${controllers[at]!}`,
      'advertised.listeners': public_,
      'listener.security.protocol.map':
        'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL',
      'controller.listener.names': 'CONTROLLER',
      'inter.broker.listener.name': 'PLAINTEXT',
      'log.dirs': join(processes.folder, `data-${nodeId}`),
      ...testProperties(nodeCount),
      ...(tls === undefined ? {} : secureProperties(tls.keystore)),
      ...options.properties,
    };
    writeFileSync(configFile(processes, nodeId), propertiesText(properties));
  }
  const clusterId = randomBytes(16).toString('base64url').replaceAll('-', 'a');
  const scram = tls === undefined ? [] : scramUsers;
  await Promise.all(nodeIds.map((nodeId) => formatNode(processes, program, nodeId, clusterId, scram)));
  const nodes = new Map<number, ChildProcess>();
  const start = async (nodeId: number): Promise<void> => {
    nodes.set(nodeId, await startNode(processes, program, nodeId, heap));
  };
  await Promise.all(nodeIds.map(start));
  const end = (nodeId: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => endProcess(nodes.get(nodeId)!, signal);
  return {
    brokers,
    secure: tls && { saslBrokers, tlsBrokers, certificate: tls.certificate, ...saslUser },
    kill: (nodeId = 1) => end(nodeId, 'SIGKILL'),
    shutDown: (nodeId = 1) => end(nodeId, 'SIGTERM'),
    start: (nodeId = 1) => start(nodeId),
    async stop() {
      // The data goes as well: only what is to be left in order is worth waiting for an orderly end.
      await processes.end();
    },
  };
}
