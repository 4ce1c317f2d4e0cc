/** Appends and commits without end in the folder it is given, and says the number of each commit once it is durable. */
import { writeSync } from 'node:fs';
import { openEmbedded } from '../../../dist/adapters/embedded/open-embedded.js';

const folder = process.argv[2];
const bytes = (text) => new TextEncoder().encode(text);
const store = await openEmbedded({ folder, partitionCount: 1 });
let lease;
await store.member().start({
  assigned: async (opened) => {
    lease = opened;
  },
  records: async (_, records) => records.at(-1).offset + 1,
  revoked: async () => undefined,
  lost: async () => undefined,
});
for (let n = (await lease.committedOffset()) / 20 + 1; ; n++) {
  const value = bytes(String(n));
  // What a former life appended and did not commit is committed now.
  const missing = n * 20 - store.end('ratings', 0);
  if (missing > 0)
    await store.append(
      0,
      Array.from({ length: missing }, () => ({ key: null, value })),
    );
  await lease.commit({
    nextOffset: n * 20,
    state: Array.from({ length: 300 }, (_, i) => ({ key: `k${(i * n) % 1000}-${i}`, value })).concat(
      Array.from({ length: 200 }, (_, i) => ({ key: `all${i}`, value })),
    ),
    items: Array.from({ length: 50 }, (_, i) => ({ itemId: `i${i}`, afterImage: value, delta: value })),
    predictions: Array.from({ length: 20 }, () => ({ key: null, value })),
    deadLetters: [{ key: null, value: new Uint8Array(n % 5 === 0 ? 100_000 : 10) }],
    receipts: [],
    recommendations: [],
    answers: [],
    nextRequest: null,
  });
  writeSync(1, `${n}\n`);
}
