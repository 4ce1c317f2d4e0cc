/** Built workers on a broker that asks who they are: what works, how refusals end, and that nothing secret is ever said. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { flowCodec } from '../support/flow-worker.ts';
import { findJava } from '../support/kafka/java.ts';
import type { LocalCluster, SecureListeners } from '../support/kafka/local-cluster.ts';
import { startLocalKafka } from '../support/kafka/local-kafka.ts';
import { awaitCommitted } from '../support/kafka/read-committed.ts';
import { makeCertificate } from '../support/kafka/secure-listeners.ts';
import { describeLocalKafka, uniqueName } from '../support/kafka/suite.ts';
import { topicsOfApp } from '../support/kafka/topics.ts';
import { unsignedToken } from '../support/kafka/unsigned-token.ts';
import { until } from '../support/kafka/until.ts';
import { placeOf, seriesOf } from './group-member.ts';
import { killAll, stop, tryRun, type Exit } from './running-worker.ts';
import { removeFolder } from '../support/remove-folder.ts';

const wrongPassword = 'a-wrong-secret';
const httpToken = 'the-http-secret';
/** A refusal is no outage: nothing is tried for long. Starting a process on a busy machine is most of it. */
const patienceMs = 8000;

describeLocalKafka('a worker on a secured broker', () => {
  let cluster: LocalCluster;
  let secure: SecureListeners;
  const folder = mkdtempSync(join(tmpdir(), 'freshet-secured-'));
  const printed: string[] = [];
  const secrets = [wrongPassword, httpToken];

  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  beforeAll(async () => {
    cluster = await startLocalKafka({ secure: true });
    secure = cluster.secure!;
    secrets.push(secure.password);
    file('ca.pem', secure.certificate);
  }, 120_000);
  afterEach(killAll);
  afterAll(async () => {
    await cluster.stop();
    removeFolder(folder);
  });

  const scram = (password: string) => ({
    FRESHET_KAFKA_SASL: 'scram-sha-256',
    FRESHET_KAFKA_USERNAME: secure.username,
    FRESHET_KAFKA_PASSWORD: password,
  });
  const bearer = (tokenFile: string) => ({
    FRESHET_KAFKA_SASL: 'oauthbearer',
    FRESHET_KAFKA_TOKEN_FILE: tokenFile,
  });
  const trusting = (name = 'ca.pem') => ({ FRESHET_KAFKA_CA_FILE: join(folder, name) });

  function note(exit: Exit): Exit {
    printed.push(exit.stdout, exit.stderr);
    return exit;
  }

  /** Learns one rating, as one who may. */
  async function learnsWith(at: readonly string[], settings: Record<string, string>): Promise<void> {
    const app = uniqueName('secured');
    const flags = ['--create-topics', '--partitions', '2', '--log-level', 'debug'];
    const started = await tryRun(placeOf(app, flags, at), { settings });
    if (started.kind === 'ended') throw new Error(note(started).stderr);
    const { worker } = started;
    const body = JSON.stringify({ userId: 'ann', itemId: 'x', rating: 4 });
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${worker.url}/ratings`, { method: 'POST', headers, body })).status).toBe(202);
    // The topics are looked at over the open listener.
    const [prediction] = await awaitCommitted(cluster.brokers, topicsOfApp(app).predictions, 1);
    expect(flowCodec.decodePrediction(prediction!.value!)).toMatchObject({ userId: 'ann', itemId: 'x', rating: 4 });
    await until('the rating is committed', async () =>
      [...(await seriesOf(worker, 'freshet_committed_offset')).values()].includes(1),
    );
    expect(note(await stop(worker)).code).toBe(0);
  }

  /** How a start ends that is refused. */
  async function refusal(
    at: readonly string[],
    settings: Record<string, string>,
    withinMs = patienceMs,
  ): Promise<Exit> {
    const startMs = performance.now();
    const flags = ['--create-topics', '--log-level', 'debug', '--http-token', httpToken];
    const started = await tryRun(placeOf(uniqueName('refused'), flags, at), { settings });
    if (started.kind === 'ready') throw new Error('it started');
    expect(performance.now() - startMs).toBeLessThan(withinMs);
    return note(started);
  }

  test('learns over SCRAM-SHA-256 and TLS', () =>
    learnsWith(secure.tlsBrokers, { ...scram(secure.password), ...trusting() }));

  test('learns with a bearer token over TLS', async () => {
    const token = unsignedToken(600);
    secrets.push(token, token.split('.')[1]!);
    await learnsWith(secure.tlsBrokers, { ...bearer(file('token', token)), ...trusting() });
  });

  test('says that the password is wrong, and ends', async () => {
    const { code, stderr } = await refusal(secure.tlsBrokers, { ...scram(wrongPassword), ...trusting() });
    expect(stderr).toMatch(/authentication failed.*Check the SASL mechanism, the user and password/is);
    expect(code).toBe(1);
  });

  test('says that the broker is signed by somebody else, and ends', async () => {
    const java = await findJava();
    const elsewhere = mkdtempSync(join(folder, 'other-'));
    const { certificate } = await makeCertificate(java, elsewhere);
    file('other.pem', certificate);
    const other = await refusal(secure.tlsBrokers, { ...scram(secure.password), ...trusting('other.pem') });
    expect(other.stderr).toMatch(/certificate.*give the certificate of the authority/is);
    expect(other.code).toBe(1);
    const none = await refusal(secure.tlsBrokers, { ...scram(secure.password), FRESHET_KAFKA_TLS: 'true' });
    expect(none.stderr).toMatch(/self[- ]signed certificate.*give the certificate of the authority/is);
    expect(none.code).toBe(1);
  });

  test('says that the token has expired, or that there is none, and ends', async () => {
    const token = unsignedToken(-3600);
    secrets.push(token, token.split('.')[1]!);
    const expired = await refusal(secure.tlsBrokers, { ...bearer(file('old', token)), ...trusting() });
    expect(expired.stderr).toMatch(/refuses the token of .*old.*write a fresh one/is);
    expect(expired.code).toBe(1);
    const missing = await refusal(secure.tlsBrokers, { ...bearer(join(folder, 'no-token')), ...trusting() });
    expect(missing.stderr).toMatch(/token file .*no-token cannot be read \(ENOENT\)/);
    expect(missing.code).toBe(2);
  });

  test('says that it has to log in where it does not, and ends', async () => {
    // The broker just hangs up, which an outage looks like, too: that is tried for longer.
    const { code, stderr } = await refusal(secure.saslBrokers, {}, 40_000);
    expect(stderr).toMatch(/SASL/);
    expect(code).toBe(1);
  });

  test('has printed no secret anywhere, at the level debug', () => {
    const everything = printed.join('\n');
    expect(everything).toMatch(/"level":"debug"|"level":20/); // it was talkative
    for (const secret of secrets) expect(everything.includes(secret), secret).toBe(false);
  });
});
