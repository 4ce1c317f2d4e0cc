/** A broker in a container. The image is apache/kafka, or one that takes its settings in the same way (build-image.sh). */
import { spawn } from 'node:child_process';
import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers';
import { propertiesEnvironment, readyLine, testProperties } from './broker-properties.ts';
import { freePorts } from './free-ports.ts';
import { kafkaVersion } from './versions.ts';

export const dockerImage = (): string => process.env.FRESHET_TEST_KAFKA_IMAGE ?? `apache/kafka:${kafkaVersion}`;

export interface DockerKafka {
  readonly brokers: readonly string[];
  stop(): Promise<void>;
}

/** @throws Error when no Docker daemon answers, or the image cannot be had. */
export async function startDockerKafka(image: string = dockerImage()): Promise<DockerKafka> {
  const { info } = await getContainerRuntimeClient();
  // The address that the broker tells its clients must be known before it starts, so the port is chosen here.
  const [port] = await freePorts(1);
  const address = `${info.containerRuntime.host}:${port!}`;
  const container = await new GenericContainer(image)
    .withExposedPorts({ container: 9092, host: port! })
    .withEnvironment({
      CLUSTER_ID: 'MkU3OEVBNTcwNTJENDM2Qg',
      ...propertiesEnvironment({
        'process.roles': 'broker,controller',
        'node.id': 1,
        'controller.quorum.voters': '1@localhost:9094',
        listeners: 'PLAINTEXT://0.0.0.0:9092,INSIDE://localhost:9093,CONTROLLER://localhost:9094',
        'advertised.listeners': `PLAINTEXT://${address},INSIDE://localhost:9093`,
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT',
        'controller.listener.names': 'CONTROLLER',
        'inter.broker.listener.name': 'INSIDE',
        'log.dirs': '/tmp/kafka-data',
        ...testProperties(1),
      }),
    })
    .withWaitStrategy(Wait.forLogMessage(new RegExp(readyLine)))
    .withStartupTimeout(120_000)
    .start();
  const forget =
    process.env.TESTCONTAINERS_RYUK_DISABLED === 'true' ? removeWhenOrphaned(container.getId()) : undefined;
  return {
    brokers: [address],
    async stop() {
      await container.stop();
      forget?.();
    },
  };
}

/** What testcontainers' own reaper does where it may run: the container goes when this process does. */
function removeWhenOrphaned(containerId: string): () => void {
  const watcher = spawn('sh', ['-c', 'cat >/dev/null; docker rm --force --volumes "$0"', containerId], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.unref();
  return () => watcher.stdin.end();
}
