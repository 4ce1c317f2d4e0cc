/** Writes changes without end into the snapshot of the folder it is given, and says each position once it is durable. */
import { writeSync } from 'node:fs';
import { openSnapshot } from '../../../dist/adapters/embedded/snapshot-store.js';
import { changesFrom } from './snapshot-changes.mjs';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const views = await openSnapshot({ folder: process.argv[2], identity: { app: 'a' }, partitionCount: 2, log: silent });
let { position } = (await views.mark('users:0')) ?? { position: 0 };
for (;;) {
  const next = position + 9000;
  await views.write('users:0', changesFrom(position, next), { position: next, asOfMs: next });
  position = next;
  writeSync(1, `${position}\n`);
}
