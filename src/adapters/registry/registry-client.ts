/**
 * A client of the Confluent Schema Registry API, which Apicurio, Karapace and Redpanda speak as well: just what a worker
 * needs. Every call has a time limit and is repeated a few times when the registry cannot be reached or is busy.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { RegistryError, UsageError } from '../../errors.ts';

export interface RegistryOptions {
  /** Base address, without a path of the API: http://registry:8081 (Apicurio: .../apis/ccompat/v7). */
  readonly url: string;
  /** user:password. Never logged. */
  readonly basicAuth?: string;
  /** A file with a bearer token, read again at every call: tokens expire. */
  readonly tokenFile?: string;
  readonly timeoutMs?: number;
  /** Attempts of a call before it fails. */
  readonly attempts?: number;
}

/** What the registry said to one question. */
export type RegistryAnswer<T> = { readonly kind: 'found'; readonly value: T } | { readonly kind: 'not-found' };

export interface RegistryClient {
  /** The Avro schema of an id. Throws RegistryError when nobody answers. */
  schemaById(schemaId: number): Promise<RegistryAnswer<object>>;
  /** The id of a schema that is registered under the subject. */
  idOf(subject: string, schema: object): Promise<RegistryAnswer<number>>;
  /** Registers a schema (the same one again gives the same id). */
  register(subject: string, schema: object): Promise<number>;
  /** Whether a schema may follow the subject's latest one; true for a subject without any. */
  isCompatible(subject: string, schema: object): Promise<boolean>;
}

const contentType = 'application/vnd.schemaregistry.v1+json';
const firstDelayMs = 100;
/** Answers larger than this are no schema. */
const maxAnswerBytes = 4 * 1024 * 1024;

export function createRegistryClient(options: RegistryOptions): RegistryClient {
  const { timeoutMs = 5000, attempts = 3 } = options;
  const { base, login } = parseAddress(options.url);
  const basicAuth = options.basicAuth ?? login;

  function headers(): Record<string, string> {
    const { tokenFile } = options;
    const type = { accept: contentType, 'content-type': contentType };
    if (tokenFile !== undefined) return { ...type, authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` };
    if (basicAuth === undefined) return type;
    return { ...type, authorization: `Basic ${Buffer.from(basicAuth).toString('base64')}` };
  }

  async function askOnce(path: string, body?: object): Promise<RegistryAnswer<unknown>> {
    const response = await fetch(base + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: headers(),
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status === 404) return { kind: 'not-found' };
    if (response.ok && text.length <= maxAnswerBytes) return { kind: 'found', value: JSON.parse(text) as unknown };
    const busy = response.status === 429 || response.status >= 500;
    throw registryError(base, path, `it answered ${response.status}: ${text.slice(0, 200)}`, busy);
  }

  async function ask(path: string, body?: object): Promise<RegistryAnswer<unknown>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await askOnce(path, body);
      } catch (error) {
        const failure =
          error instanceof RegistryError ? error : registryError(base, path, reasonOf(error), true, error);
        if (!failure.retriable || attempt >= attempts) throw failure;
        await delay(firstDelayMs * 2 ** (attempt - 1));
      }
    }
  }

  return {
    async schemaById(schemaId) {
      const answer = await ask(`/schemas/ids/${schemaId}`);
      if (answer.kind === 'not-found') return answer;
      const { schema, schemaType = 'AVRO', references = [] } = answer.value as StoredSchema;
      if (schemaType !== 'AVRO' || references.length > 0) return { kind: 'not-found' };
      return { kind: 'found', value: JSON.parse(schema) as object };
    },
    async idOf(subject, schema) {
      const answer = await ask(`/subjects/${encodeURIComponent(subject)}`, { schema: JSON.stringify(schema) });
      return answer.kind === 'found' ? { kind: 'found', value: (answer.value as { id: number }).id } : answer;
    },
    async register(subject, schema) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions`;
      const answer = await ask(path, { schema: JSON.stringify(schema) });
      if (answer.kind === 'found') return (answer.value as { id: number }).id;
      throw registryError(base, path, 'it does not know this path; check the address', false);
    },
    async isCompatible(subject, schema) {
      const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions/latest`;
      const answer = await ask(path, { schema: JSON.stringify(schema) });
      return answer.kind === 'not-found' || (answer.value as { is_compatible: boolean }).is_compatible;
    },
  };
}

interface StoredSchema {
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: readonly unknown[];
}

function registryError(address: string, path: string, why: string, retriable: boolean, cause?: unknown): RegistryError {
  return new RegistryError(
    `The schema registry at ${address} did not answer ${path}: ${why}. Check --registry-url, its login, and that it runs.`,
    retriable,
    { address, path },
    cause,
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return error.message + cause;
}

/** An address may carry a login, which belongs into a header and never into a message. */
function parseAddress(url: string): { readonly base: string; readonly login: string | undefined } {
  if (!URL.canParse(url)) {
    throw new UsageError(['--registry-url is no address; write it as http://host:port']);
  }
  const { protocol, host, pathname, username, password } = new URL(url);
  const login = username === '' ? undefined : `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { base: `${protocol}//${host}${pathname}`.replace(/\/+$/, ''), login };
}
