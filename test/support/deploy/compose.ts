/** deploy/compose.yaml with images that are made here, on ports of its own. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePorts } from '../kafka/free-ports.ts';
import { brokerProgram } from '../kafka/local-kafka.ts';
import { registryProgram } from '../kafka/registry.ts';
import { kafkaVersion } from '../kafka/versions.ts';
import { cacheFolder } from '../kafka/cache-folder.ts';
import { baseImage, buildImage, docker, said } from './docker.ts';
import type { Said } from './kube-api.ts';
import { prometheusPrograms } from './tools.ts';
import { removeFolder } from '../remove-folder.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const kafkaImage = 'freshet-test-kafka:local';

export interface Composition {
  /** Runs Compose on the project. */
  compose(...words: readonly string[]): Promise<Said>;
  /** Runs a script whose `docker compose --file deploy/compose.yaml` is this project, without Grafana, on its own ports. */
  shell(script: string): Promise<Said>;
  readonly workerUrl: string;
  readonly prometheusUrl: string;
  /** As the host reaches them. */
  readonly brokers: readonly string[];
  /** Takes everything away. */
  down(): Promise<void>;
}

/** The plugin, else Compose 1. */
async function composeProgram(): Promise<readonly string[]> {
  return (await docker('compose', 'version')).code === 0 ? ['docker', 'compose'] : ['docker-compose'];
}

export async function runCompose(...words: readonly string[]): Promise<Said> {
  const [program = '', ...before] = await composeProgram();
  return said(program, [...before, ...words]);
}

/** Nothing of it is started yet; Grafana has no stand-in. */
export async function prepareComposition(name: string): Promise<Composition> {
  const base = await baseImage();
  await buildImage('worker');
  await buildImage('trainer');
  await brokerProgram();
  const jars = join(cacheFolder(), `kafka-${kafkaVersion}`);
  const built = await said('sh', [join(root, 'test/support/kafka/build-image.sh'), jars, kafkaImage]);
  if (built.code !== 0) throw new Error(`no image of Kafka: ${`${built.stdout}${built.stderr}`.slice(-2000)}`);
  const { jar } = await registryProgram();
  const prometheus = (await prometheusPrograms()).path('prometheus');
  const [workerPort, prometheusPort, kafkaPort] = await freePorts(3);
  const folder = mkdtempSync(join(tmpdir(), 'freshet-compose-'));

  const text = readFileSync(join(root, 'deploy/compose.yaml'), 'utf8')
    .replace('127.0.0.1:8080:', `127.0.0.1:${workerPort!}:`)
    .replace('127.0.0.1:9090:', `127.0.0.1:${prometheusPort!}:`);
  const main = join(folder, 'compose.yaml');
  writeFileSync(main, text);
  const override = join(folder, 'override.yaml');
  const services = {
    kafka: {
      image: kafkaImage,
      ports: [`127.0.0.1:${kafkaPort!}:${kafkaPort!}`],
      environment: {
        KAFKA_LISTENERS: `PLAINTEXT://:9092,CONTROLLER://:9093,HOST://:${kafkaPort!}`,
        KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://kafka:9092,HOST://127.0.0.1:${kafkaPort!}`,
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,HOST:PLAINTEXT',
      },
      healthcheck: {
        test: ['CMD-SHELL', '/bin/busybox nc -w 2 localhost 9092 </dev/null'],
        interval: '1s',
        retries: 120,
      },
    },
    registry: {
      image: base,
      volumes: [`${await javaHome()}:/jvm:ro`, ...(await javaSettings()), `${dirname(jar)}:/registry:ro`],
      command: [
        '/jvm/bin/java',
        '-Xmx256m',
        '-Dquarkus.http.host=0.0.0.0',
        '-jar',
        `/registry/${jar.split('/').at(-1)!}`,
      ],
      healthcheck: {
        test: [
          'CMD',
          'node',
          '-e',
          "fetch('http://localhost:8080/apis/ccompat/v7/subjects').then((r) => process.exit(r.ok ? 0 : 1))",
        ],
        interval: '2s',
        retries: 60,
      },
    },
    prometheus: {
      image: base,
      entrypoint: ['/programs/prometheus'],
      volumes: [`${dirname(prometheus)}:/programs:ro`],
    },
  };
  writeFileSync(override, JSON.stringify({ services }));
  const place = [
    '--project-name',
    name,
    '--project-directory',
    join(root, 'deploy'),
    '--file',
    main,
    '--file',
    override,
  ];
  const [program = '', ...before] = await composeProgram();
  const quoted = [program, ...before, ...place].map((word) => `'${word}'`).join(' ');
  const withStandIns = 'kafka registry topics schemas worker trainer ratings prometheus';
  const functions = `set -euo pipefail
    docker() {
      [ "$1 $2 $3" = 'compose --file deploy/compose.yaml' ]; shift 3
      case "$1" in up) command ${quoted} up --no-build --detach ${withStandIns} ;; *) command ${quoted} "$@" ;; esac
    }
  `;
  return {
    shell: (script) =>
      said('bash', ['-c', functions + script.replaceAll('localhost:8080', `127.0.0.1:${workerPort!}`)]),
    compose: (...words) => runCompose(...place, ...words),
    workerUrl: `http://127.0.0.1:${workerPort!}`,
    prometheusUrl: `http://127.0.0.1:${prometheusPort!}`,
    brokers: [`127.0.0.1:${kafkaPort!}`],
    async down() {
      await runCompose(...place, 'down', '--volumes', '--remove-orphans', '--timeout', '20');
      removeFolder(folder);
    },
  };
}

async function javaHome(): Promise<string> {
  const { stderr } = await promisify(execFile)('java', ['-XshowSettings:properties', '-version']);
  return realpathSync(/java\.home = (.*)/.exec(stderr)?.[1]?.trim() ?? '');
}

/** Debian keeps the settings of its Java apart, and links to them. */
async function javaSettings(): Promise<string[]> {
  const { stdout } = await promisify(execFile)('sh', ['-c', 'ls -d /etc/java-*-openjdk 2>/dev/null || true']);
  return stdout
    .split('\n')
    .filter((path) => path !== '')
    .map((path) => `${path}:${path}:ro`);
}
