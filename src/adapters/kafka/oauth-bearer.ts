/**
 * SASL/OAUTHBEARER (RFC 7628) with a token from a file, which is read again for every connection.
 *
 * kafkajs has this mechanism, but does not look at the answer: a broker refuses a token by a challenge, kafkajs takes it
 * for consent, and what follows fails with something else.
 */
import { readFile } from 'node:fs/promises';
import type { Mechanism } from 'kafkajs';
import { BrokerError, UsageError } from '../../errors.ts';

const separator = '\u0001';

export function oauthBearer(tokenFile: string): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ host, port, saslAuthenticate }) => ({
      async authenticate() {
        const token = await readToken(tokenFile);
        const challenge = await saslAuthenticate({
          request: { encode: () => framed(`n,,${separator}auth=Bearer ${token}${separator}${separator}`) },
          response: { decode: (bytes) => bytes.subarray(4), parse: (bytes) => bytes.toString() },
        });
        if (challenge === undefined || challenge === '') return;
        // The client has to accept its refusal before the broker ends the exchange.
        await saslAuthenticate({ request: { encode: () => framed(separator) } }).catch(() => undefined);
        throw new BrokerError(
          `The broker at ${host}:${port} refuses the token of ${tokenFile}: ${challenge.slice(0, 300)}. ` +
            'It may have expired, or be meant for somebody else: write a fresh one into the file.',
          false,
          { broker: `${host}:${port}`, tokenFile },
        );
      },
    }),
  };
}

/** Bytes of the protocol: their length, then they. */
function framed(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

async function readToken(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new UsageError([`The token file ${file} cannot be read (${code}). Check its path and rights.`]);
  }
  const token = text.trim();
  if (token !== '') return token;
  throw new UsageError([`The token file ${file} is empty. Write the bearer token into it.`]);
}
