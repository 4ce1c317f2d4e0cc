/** Settings of every command that speaks to a schema registry. */
import type { RegistryOptions } from '../adapters/registry/registry-client.ts';
import { subjectStrategies } from '../adapters/registry/subject.ts';
import type { Settings, Values } from '../setting.ts';

export const registrySettings = {
  registryUrl: {
    type: 'text',
    unit: 'address',
    doc: 'Schema registry with the Confluent API, for example http://registry:8081 (Apicurio: with /apis/ccompat/v7).',
  },
  registryAuth: { type: 'text', unit: 'user:password', secret: true, doc: 'Login at the registry.' },
  registryTokenFile: {
    type: 'text',
    unit: 'file',
    doc: 'File with a bearer token for the registry; read again at every call.',
  },
  subjectStrategy: {
    type: 'choice',
    choices: subjectStrategies,
    default: 'topic',
    doc: 'How subjects are named: TOPIC-value, the name of the record, or TOPIC-RECORD.',
  },
} as const satisfies Settings;

/** Undefined when no registry is named. */
export function registryOptionsOf(values: Values<typeof registrySettings>): RegistryOptions | undefined {
  const { registryUrl, registryAuth, registryTokenFile } = values;
  if (registryUrl === undefined) return undefined;
  return {
    url: registryUrl,
    ...(registryAuth === undefined ? {} : { basicAuth: registryAuth }),
    ...(registryTokenFile === undefined ? {} : { tokenFile: registryTokenFile }),
  };
}
