/** SASL on a local broker, in the clear and over TLS, with a certificate made for it. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Properties } from './broker-properties.ts';
import type { Java } from './java.ts';

const run = promisify(execFile);
const keystorePassword = 'only-for-tests';

export const saslUser = { username: 'alice', password: 'alice-secret' } as const;
/** As the storage tool takes them: SCRAM users exist from the first start on. */
export const scramUsers = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map(
  (mechanism) => `${mechanism}=[name=${saslUser.username},password=${saslUser.password}]`,
);

const loginModules = {
  plain: `plain.PlainLoginModule required user_${saslUser.username}="${saslUser.password}"`,
  'scram-sha-256': 'scram.ScramLoginModule required',
  'scram-sha-512': 'scram.ScramLoginModule required',
  // Takes unsigned tokens (alg "none") and checks their times: enough to see a token refused.
  oauthbearer: 'oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker"',
};

/** PLAIN, SCRAM and OAUTHBEARER on the listeners SASL_PLAINTEXT and SASL_SSL. */
export function secureProperties(keystore: string): Properties {
  const jaas = ['sasl_plaintext', 'sasl_ssl'].flatMap((listener) =>
    Object.entries(loginModules).map(([mechanism, module]) => [
      `listener.name.${listener}.${mechanism}.sasl.jaas.config`,
      `org.apache.kafka.common.security.${module};`,
    ]),
  );
  return {
    'sasl.enabled.mechanisms': Object.keys(loginModules).join(',').toUpperCase(),
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': keystore,
    'ssl.keystore.password': keystorePassword,
    'ssl.client.auth': 'none',
    ...(Object.fromEntries(jaas) as Record<string, string>),
  };
}

/** A self-signed certificate for the loopback address: a client that trusts it trusts the broker. */
export async function makeCertificate(java: Java, folder: string): Promise<{ keystore: string; certificate: string }> {
  const keystore = join(folder, 'broker.p12');
  const file = join(folder, 'broker.pem');
  const store = ['-alias', 'broker', '-storetype', 'PKCS12', '-keystore', keystore, '-storepass', keystorePassword];
  const subject = ['-dname', 'CN=localhost', '-ext', 'san=ip:127.0.0.1,dns:localhost', '-validity', '3650'];
  const keytool = java.program('keytool');
  await run(keytool, ['-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', ...subject, ...store]);
  await run(keytool, ['-exportcert', '-rfc', '-file', file, ...store]);
  return { keystore, certificate: await readFile(file, 'utf8') };
}
