import { describe, expect, it } from 'vitest';
import { problemStatus } from '../../src/adapters/http/problem.ts';
import * as errors from '../../src/errors.ts';
import { filesUnder, page, read, tableRows } from './pages.ts';

const { BrokerError, FreshetError, RegistryError, RejectedRecordError, UsageError, rejectionCodes } = errors;

type AnyError = InstanceType<typeof FreshetError>;
type ErrorClass = new (message: string) => AnyError;

/** Classes that are made from something else than a message. */
const specimens: Readonly<Record<string, readonly AnyError[]>> = {
  UsageError: [new UsageError(['a problem'])],
  RegistryError: [new RegistryError('it is silent', true), new RegistryError('it refuses', false)],
  BrokerError: [new BrokerError('it is away', true), new BrokerError('it refuses', false)],
};

/** Every class that can be thrown and has a code of its own. */
const classes = Object.entries(errors as Record<string, unknown>)
  .filter((entry): entry is [string, ErrorClass] => isErrorClass(entry[1]))
  .map(([name, ErrorOfIt]) => describeClass(name, specimens[name] ?? [new ErrorOfIt('a message')]));

function isErrorClass(value: unknown): value is ErrorClass {
  const isClass = typeof value === 'function' && value.prototype instanceof FreshetError;
  return isClass && value !== RejectedRecordError;
}

function describeClass(name: string, all: readonly AnyError[]) {
  const retriable = new Set(all.map((error) => error.retriable));
  const again = retriable.size > 1 ? 'some' : retriable.has(true) ? 'yes' : 'no';
  return { name, code: all[0]?.code ?? '', again, ownName: all[0]?.name };
}

const allCodes = [...rejectionCodes, ...classes.map(({ code }) => code), ...Object.keys(problemStatus)];

const rows = tableRows(page('errors.md'));

describe('the errors page', () => {
  it('has every code, and none that is not in the code', () => {
    const onPage = rows.map(([code]) => code);
    expect([...onPage].sort()).toEqual([...rejectionCodes, ...classes.map(({ code }) => code)].sort());
  });

  it('says of each class its code and whether to try again', () => {
    for (const { name, code, again } of classes) {
      const [codeThere, , againThere] = rows.find((row) => row[1] === name) ?? [];
      expect({ name, code: codeThere, again: againThere }).toEqual({ name, code, again });
    }
  });

  it('leaves the codes of HTTP alone to their page', () => {
    for (const code of Object.keys(problemStatus)) expect(page('errors.md')).not.toContain(`\`${code}\``);
    expect(page('http.md')).toMatch(/^## Errors$/m);
  });
});

describe('errors', () => {
  it('share no code, neither among each other nor with HTTP', () => {
    expect(classes.length).toBeGreaterThan(8);
    expect([...allCodes].sort()).toEqual([...new Set(allCodes)].sort());
    for (const code of allCodes) expect(code).toMatch(/^FRESHET_[A-Z_]+$/);
  });

  it('bear the name of their class, and carry context and cause', () => {
    expect(classes.map(({ ownName }) => ownName)).toEqual(classes.map(({ name }) => name));
    const cause = new Error('below');
    const rejected = new RejectedRecordError('FRESHET_ID_INVALID', 'an id', { bytes: 300 }, cause);
    expect(rejected).toMatchObject({ name: 'RejectedRecordError', code: 'FRESHET_ID_INVALID', cause });
    expect(rejected.context).toEqual({ bytes: 300 });
  });

  it('have no code that is declared nowhere', () => {
    const used = filesUnder('src', '.ts').flatMap((path) =>
      [...read(path).matchAll(/'(FRESHET_[A-Z_]+)'/g)].map(([, code]) => code ?? ''),
    );
    expect(used.filter((code) => !allCodes.includes(code))).toEqual([]);
    expect(used.length).toBeGreaterThan(allCodes.length);
  });
});
