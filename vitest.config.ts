import { configDefaults, defineConfig } from 'vitest/config';

const kafkaSuites = 'test/**/*.kafka.test.ts';
/** Brokers and workers that are killed: alone, after all else. */
const fireSuites = 'test/fire/**/*.kafka.test.ts';
const dockerSuites = 'test/**/*.docker.test.ts';
/** What takes how long, in a group on a broker: asked for by name (bench:take-over, bench:backlog). */
const measureSuites = 'test/**/*.measure.test.ts';
const measureProject =
  process.env['FRESHET_MEASURE'] === '1'
    ? [
        {
          extends: true as const,
          test: {
            name: 'measure',
            include: [measureSuites],
            globalSetup: ['test/support/kafka/local-setup.ts'],
            maxWorkers: 1,
          },
        },
      ]
    : [];
/** In a real browser: Debian's chromium. */
const browserSuites = 'test/**/*.browser.test.ts';
const browserProject =
  process.env['FRESHET_TEST_BROWSER'] === '1'
    ? [{ extends: true as const, test: { name: 'browser', include: [browserSuites] } }]
    : [];
/** These need a Docker daemon, which is asked for by name (.ci/docker-suite). */
const dockerProject =
  process.env['FRESHET_TEST_DOCKER'] === '1'
    ? [{ extends: true as const, test: { name: 'docker', include: [dockerSuites] } }]
    : [];
/** These need programs that are fetched and built for them; asked for by name (npm run check:deploy). */
const deploySuites = 'test/**/*.deploy.test.ts';
const deployProject =
  process.env['FRESHET_TEST_DEPLOY'] === '1'
    ? [
        {
          extends: true as const,
          test: {
            name: 'deploy',
            include: [deploySuites],
            globalSetup: ['test/support/kafka/local-setup.ts'],
            maxWorkers: 1,
          },
        },
      ]
    : [];

/** Those of projects of their own. */
const asked = [kafkaSuites, dockerSuites, measureSuites, deploySuites, browserSuites];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is waited for on a busy machine: a condition, never a time.
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks',
    maxWorkers: 2,
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary', 'html'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...asked],
        },
      },
      {
        // On a real broker, which is started only when one of these is selected (test/support/kafka).
        extends: true,
        test: {
          name: 'kafka',
          include: [kafkaSuites],
          exclude: [...configDefaults.exclude, fireSuites],
          globalSetup: ['test/support/kafka/global-setup.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'fire',
          include: [fireSuites],
          globalSetup: ['test/support/kafka/local-setup.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      ...browserProject,
      ...dockerProject,
      ...deployProject,
      ...measureProject,
    ],
  },
});
