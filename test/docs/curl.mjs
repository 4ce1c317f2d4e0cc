#!/usr/bin/env node
// As much of curl as docs/getting-started.md needs, for machines without it.
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    silent: { type: 'boolean', short: 's' },
    header: { type: 'string', short: 'H', multiple: true },
    data: { type: 'string', short: 'd' },
    'data-binary': { type: 'string' },
  },
});
const data = values.data ?? values['data-binary'];
const headers = (values.header ?? []).map((line) => line.split(/:\s*/, 2));
const [url] = positionals;
const address = url.includes('://') ? url : `http://${url}`;
const response = await fetch(address, data === undefined ? { headers } : { method: 'POST', headers, body: data });
process.stdout.write(await response.text());
