/** `freshet doctor`: what this machine offers, and what is wrong with it. */
import { dataFolderChecks } from './doctor/data-folder.ts';
import { machineChecks } from './doctor/machine.ts';
import { storeChecks } from './doctor/store.ts';
import { defineCommand } from './command.ts';
import { renderTable } from './table.ts';

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'say what this machine offers and what is wrong with it',
  positionals: {},
  settings: {
    data: { type: 'text', unit: 'folder', doc: 'Also look at this data folder; it is not changed.' },
  },
  examples: [
    { line: 'doctor', shows: 'Check this machine' },
    { line: 'doctor --data ./data --json', shows: 'Check a data folder too, for machines' },
  ],
  async run({ data, json }, { stdout }) {
    const checks = [
      ...machineChecks(),
      ...(await storeChecks()),
      ...(data === undefined ? [] : dataFolderChecks(data)),
    ];
    const healthy = checks.every(({ state }) => state !== 'problem');
    if (json) stdout.write(`${JSON.stringify({ healthy, checks })}\n`);
    else {
      const rows = checks.map(({ name, state, found, advice }) => [
        name,
        state,
        advice === undefined ? found : `${found}\n${advice}`,
      ]);
      stdout.write(renderTable({ head: ['check', 'state', 'found'], rows }));
    }
    return healthy ? 'fine' : 'failed';
  },
});
