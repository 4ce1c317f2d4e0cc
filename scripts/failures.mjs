// `node scripts/failures.mjs REPORT`: each failed test of a runner's JSON report, with the first lines of why.
import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';

const LINES = 12;
const report = process.argv[2];
const { testResults } = JSON.parse(readFileSync(report, 'utf8'));

/** The first lines, indented, each of at most 300 characters. */
function head(text) {
  const lines = text.split('\n').slice(0, LINES);
  return lines.map((line) => `    ${line.slice(0, 300)}`).join('\n');
}

for (const file of testResults.filter((result) => result.status === 'failed')) {
  const where = `${basename(report, '.json')}: ${relative(process.cwd(), file.name)}`;
  const failed = file.assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0) console.log(`${where}\n${head(file.message)}`);
  for (const test of failed) console.log(`${where} > ${test.fullName}\n${head(test.failureMessages.join('\n'))}`);
}
