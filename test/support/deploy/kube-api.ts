/** A real Kubernetes API server on its own etcd, on loopback: it judges every object, and starts no pods. */
import { execFile } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../kafka/free-ports.ts';
import { guardedProcesses, hasEnded } from '../kafka/guarded-processes.ts';
import { until } from '../kafka/until.ts';
import { customResources, kubernetesPrograms, pythonPrograms } from './tools.ts';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KubeApi {
  /** Runs kubectl against it; `input` is its standard input. */
  kubectl(words: readonly string[], input?: string): Promise<Said>;
  helm(words: readonly string[]): Promise<Said>;
  /** Runs a script with kubectl and helm on its path, in a folder. */
  shell(script: string, folder: string): Promise<Said>;
  stop(): Promise<void>;
}

/** With the custom resources of the chart. @throws Error with the reason why none can be run on this machine. */
export async function startKubeApi(): Promise<KubeApi> {
  const [go, python, definitions] = await Promise.all([kubernetesPrograms(), pythonPrograms(), customResources()]);
  const processes = guardedProcesses('freshet-kubernetes-');
  const { folder } = processes;
  const [clientPort, peerPort, apiPort] = await freePorts(3);
  const inFolder = (name: string): string => join(folder, name);
  const etcdUrl = `http://127.0.0.1:${clientPort!}`;
  const peerUrl = `http://127.0.0.1:${peerPort!}`;
  const token = randomBytes(16).toString('hex');
  writeFileSync(inFolder('tokens.csv'), `${token},admin,admin,"system:masters"\n`);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = createPrivateKey(privateKey.export({ type: 'pkcs1', format: 'pem' }));
  writeFileSync(inFolder('accounts.pem'), pem.export({ type: 'pkcs1', format: 'pem' }));
  processes.run('etcd', python.path('etcd'), [
    `--data-dir=${inFolder('etcd')}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    '--unsafe-no-fsync',
  ]);
  const server = processes.run('apiserver', go.path('kube-apiserver'), [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${apiPort!}`,
    `--cert-dir=${inFolder('certificates')}`,
    `--token-auth-file=${inFolder('tokens.csv')}`,
    `--service-account-key-file=${inFolder('accounts.pem')}`,
    `--service-account-signing-key-file=${inFolder('accounts.pem')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--authorization-mode=RBAC',
    // Accounts and their tokens are made by a controller, which is not here.
    '--disable-admission-plugins=ServiceAccount',
  ]);
  const config = inFolder('kubeconfig');
  const environment = { ...process.env, ...python.environment, KUBECONFIG: config, HOME: folder };
  const say = (program: string, words: readonly string[], input?: string, cwd = folder): Promise<Said> =>
    new Promise((resolve) => {
      const child = execFile(
        program,
        words,
        { env: environment, cwd, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
      );
      child.stdin?.end(input ?? '');
    });
  const kubectl: KubeApi['kubectl'] = (words, input) => say(python.path('kubectl'), words, input);
  try {
    await until(
      'the API server is ready',
      async () => {
        if (hasEnded(server)) throw new Error(readFileSync(inFolder('apiserver.log'), 'utf8').slice(-2000));
        const response = await kubectl(['get', '--raw', '/readyz', ...access(folder, apiPort!, token)]);
        return response.code === 0;
      },
      90_000,
      200,
    );
    writeFileSync(config, kubeconfig(folder, apiPort!, token));
    const applied = await kubectl(['apply', '--server-side', '--filename', definitions]);
    if (applied.code !== 0) throw new Error(`the custom resources were refused: ${applied.stderr}`);
    const established = ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s'];
    const waited = await kubectl(established);
    if (waited.code !== 0) throw new Error(`the custom resources are not served: ${waited.stderr}`);
  } catch (error) {
    await processes.end();
    throw error;
  }
  const functions = `set -euo pipefail
    kubectl() { '${python.path('kubectl')}' "$@"; }
    helm() { '${go.path('helm')}' "$@"; }
  `;
  return {
    kubectl,
    helm: (words) => say(go.path('helm'), words),
    shell: (script, where) => say('bash', ['-c', `${functions}${script}`], undefined, where),
    stop: () => processes.end(),
  };
}

const certificateOf = (folder: string): string => join(folder, 'certificates/apiserver.crt');

const access = (folder: string, port: number, token: string): string[] => [
  `--server=https://127.0.0.1:${port}`,
  `--certificate-authority=${certificateOf(folder)}`,
  `--token=${token}`,
];

const kubeconfig = (folder: string, port: number, token: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [
      {
        name: 'test',
        cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': certificateOf(folder) },
      },
    ],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  });
