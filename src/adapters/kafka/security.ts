/** TLS and SASL as kafkajs wants them. Files are named, never their contents, in what goes wrong. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { Mechanism, SASLOptions } from 'kafkajs';
import { UsageError } from '../../errors.ts';
import { oauthBearer } from './oauth-bearer.ts';

export interface KafkaTls {
  /** PEM files. */
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly keyPassphrase?: string | undefined;
}

export type KafkaSasl =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | {
      readonly mechanism: 'oauthbearer';
      /** Read again for every connection, so that whoever renews the token need not tell. */
      readonly tokenFile: string;
    };

export function tlsOptions({ caFile, certFile, keyFile, keyPassphrase }: KafkaTls): ConnectionOptions {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new UsageError([
      'A client certificate needs its key, and a key its certificate: only one of the two files was given. Give both, or none.',
    ]);
  }
  return {
    ...(caFile === undefined ? {} : { ca: [readPem('certificate authority', caFile)] }),
    ...(certFile === undefined ? {} : { cert: readPem('client certificate', certFile) }),
    ...(keyFile === undefined ? {} : { key: readPem('client key', keyFile) }),
    ...(keyPassphrase === undefined ? {} : { passphrase: keyPassphrase }),
  };
}

/** A fresh object for every client: kafkajs writes into it. */
export function saslOptions(sasl: KafkaSasl): SASLOptions | Mechanism {
  return sasl.mechanism === 'oauthbearer' ? oauthBearer(sasl.tokenFile) : ({ ...sasl } as SASLOptions);
}

function readPem(what: string, file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(what, file, error);
  }
  if (text.includes('-----BEGIN ')) return text;
  throw new UsageError([`The ${what} file ${file} holds no PEM block. Give a file with -----BEGIN ...----- lines.`]);
}

function unreadable(what: string, file: string, error: unknown): UsageError {
  const { code } = error as NodeJS.ErrnoException;
  return new UsageError([
    `The ${what} file ${file} cannot be read (${code ?? 'unknown error'}). Check its path and rights.`,
  ]);
}
