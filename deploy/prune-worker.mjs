/**
 * Takes away what a worker never loads, after `npm prune --omit=dev` and in the image alone. A test loads everything that
 * is left (test/deploy/images.deploy.test.ts): it says what else may go, and what was taken by mistake.
 */
import { readdirSync, rmSync } from 'node:fs';

const unused = [
  // Training, which is the trainer's: networks are answered from plain weights.
  ...['@tensorflow', '@webgpu', 'seedrandom', 'node-fetch', 'whatwg-url', 'tr46', 'webidl-conversions'],
  // Types, and headers for a compiler.
  ...['@types', 'node-addon-api'],
  // What fastify loads for tests, pino for logging in other processes, ajv for writing code, and cli-table3 for colours.
  ...['light-my-request', 'cookie', 'set-cookie-parser'].map((name) => `fastify/node_modules/${name}`),
  ...['pino-abstract-transport', 'split2', 'real-require', 'require-from-string', '@colors'],
];
const folder = new URL('../node_modules/', import.meta.url);
for (const name of unused) rmSync(new URL(name, folder), { recursive: true });
// npm's own notes, which would name what is gone.
for (const name of readdirSync(folder)) if (name.startsWith('.')) rmSync(new URL(name, folder), { recursive: true });
