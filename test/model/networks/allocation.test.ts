/** What networks leave on the heap at each rating: nothing. Measured in a process of its own that collects nothing meanwhile. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../../bench/networks/allocation.mjs', import.meta.url));

test('five networks that read the history of every user leave nothing on the heap', () => {
  const flags = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];
  const told = execFileSync(process.execPath, [...flags, script, '--events', '4000', '--turns', '4']).toString();
  const { without, withNetworks, wasteful } = JSON.parse(told) as Record<string, number>;
  // One number on the heap for each network would be 80; what the learner's own code leaves varies by up to 45: it is inlined or not.
  expect(withNetworks! - without!).toBeLessThan(60);
  expect(wasteful! - without!).toBeGreaterThan(80);
});
