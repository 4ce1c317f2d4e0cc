import { expect, it } from 'vitest';
import { networkKinds } from '../../src/model/networks/kinds.ts';
import { runCommand, runForJson } from '../support/run-command.ts';

interface Report {
  readonly figures: Readonly<Record<string, number>>;
  readonly document: Readonly<Record<string, number>>;
  readonly difference: string;
}

it.each(networkKinds)("freshet seed %s puts the document's figure beside its own, and says why", async (kind) => {
  const report = await runForJson<Report>('seed', kind);
  expect(report).toMatchObject({ listing: kind, seed: 1 });
  for (const [name, figure] of Object.entries(report.document)) {
    expect(Math.abs(report.figures[name]! - figure)).toBeLessThan(1);
  }
  expect(report.difference).toContain('without a seed');
  const { code, stdout } = await runCommand('seed', kind, '--seed', '2');
  expect(code).toBe(0);
  expect(stdout).toContain('in the document');
});
