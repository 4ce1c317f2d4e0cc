/**
 * A pod of the chart through the Docker daemon: its image, arguments, variables, files, user and rights as the template has
 * them, on the network of this machine. What a kubelet does beyond that (probes, restarts, preStop) is the caller's.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dockerPrints } from './docker.ts';

export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly replicas?: number; readonly template?: { readonly spec: PodSpec } };
}

export interface PodSpec {
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number };
  readonly containers: readonly [Container];
  readonly volumes?: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[];
}

interface Container {
  readonly args: readonly string[];
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
  }[];
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly drop: readonly string[] };
  };
  readonly resources: { readonly limits: { readonly memory: string } };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly readinessProbe?: { readonly httpGet: { readonly path: string } };
}

/** Starts it; `own` takes the place of variables that two pods on one network cannot share. */
export async function startPod(
  name: string,
  pod: PodSpec,
  { image, folder, manifests, own = {} }: PodPlace,
): Promise<void> {
  const [container] = pod.containers;
  const { securityContext: rights, resources } = container;
  const variables = new Map<string, string>();
  for (const { name: variable, value, valueFrom } of container.env) {
    if (value === undefined && valueFrom?.fieldRef?.fieldPath !== 'status.podIP')
      throw new Error(`no value for ${variable}`);
    const written = value ?? '127.0.0.1';
    const expanded = written.replaceAll(/\$\((\w+)\)/g, (_, other: string) => variables.get(other) ?? '');
    variables.set(variable, own[variable] ?? expanded);
  }
  const files = (container.volumeMounts ?? []).map(({ name: volume, mountPath }) => {
    const source = pod.volumes?.find((one) => one.name === volume)?.configMap;
    const data = manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === source?.name)?.data;
    if (data === undefined) throw new Error(`no files for ${mountPath}`);
    const place = join(folder, name, volume);
    mkdirSync(place, { recursive: true });
    for (const [file, text] of Object.entries(data)) writeFileSync(join(place, file), text);
    return `${place}:${mountPath}:ro`;
  });
  await dockerPrints(
    ...['run', '--detach', '--name', name, '--network', 'host'],
    ...['--user', `${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`],
    ...(rights.readOnlyRootFilesystem ? ['--read-only'] : []),
    ...(rights.allowPrivilegeEscalation ? [] : ['--security-opt', 'no-new-privileges']),
    ...rights.capabilities.drop.flatMap((capability) => ['--cap-drop', capability]),
    ...['--memory', resources.limits.memory.replace('i', '').toLowerCase()],
    ...[...variables].flatMap(([variable, value]) => ['--env', `${variable}=${value}`]),
    ...files.flatMap((file) => ['--volume', file]),
    ...[image, ...container.args],
  );
}

export interface PodPlace {
  readonly image: string;
  /** For the files of ConfigMaps. */
  readonly folder: string;
  readonly manifests: readonly Manifest[];
  readonly own?: Readonly<Record<string, string>>;
}
