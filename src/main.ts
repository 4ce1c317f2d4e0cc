#!/usr/bin/env node
/** The composition root: the real process around dispatch. The only place with signals and exit codes. */
import { readFileSync } from 'node:fs';
import { dispatch, exitCodes } from './cli/dispatch.ts';
import { registry } from './cli/registry.ts';
import { stopSignal } from './cli/stop-signal.ts';
import { processEnvironment } from './config.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const signal = stopSignal(process, {
  remark: (text) => process.stderr.isTTY && process.stderr.write(text),
  force: () => process.exit(exitCodes.failed),
});

// A reader that has seen enough (`| head`) closes the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.fine);
  throw error;
});

const io = { stdout: process.stdout, stderr: process.stderr, signal };
const code = await dispatch(process.argv.slice(2), { registry, environment: processEnvironment(), version, io });
// What a command leaves open (a store, a socket) does not keep a finished process alive; what it wrote still gets out.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
