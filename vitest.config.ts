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
/** These need a Docker daemon, which is asked for by name (.ci/docker-suite). */
const dockerProject =
  process.env['FRESHET_TEST_DOCKER'] === '1'
    ? [{ extends: true as const, test: { name: 'docker', include: [dockerSuites] } }]
    : [];

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
          exclude: [...configDefaults.exclude, kafkaSuites, dockerSuites, measureSuites],
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
      ...dockerProject,
      ...measureProject,
    ],
  },
});
