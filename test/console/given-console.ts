/** A real browser before a real worker: the built program on a folder, fed with ratings, seen by Debian's Chromium. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { openEmbedded } from '../../src/adapters/embedded/open-embedded.ts';
import { syntheticRatings } from '../../src/adapters/synthetic/synthetic-ratings.ts';
import { start, type RunningWorker } from '../integration/running-worker.ts';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export async function openBrowser(): Promise<Browser> {
  const executablePath = places.find((path) => existsSync(path));
  if (executablePath === undefined)
    throw new Error('There is no Chromium: apt-get install chromium, then run it again.');
  // No sandbox, for CI runs as root; no host but loopback can be found.
  const args = ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'];
  return chromium.launch({ executablePath, args });
}

export const hostileIds = [
  '<img src=x onerror=alert(1)>',
  'x'.repeat(200),
  '\u202egnirts\u0627\u0644\u0639\u0631\u0628\u064a\u0629',
];

/** Two records that cannot be used, and one that can. */
const records = [
  '{broken',
  JSON.stringify({ userId: 'late', itemId: '<b>dune</b>', rating: 9, ratedAt: 1000 }),
  JSON.stringify({ userId: 'late', itemId: 'dune', rating: 5, ratedAt: 1000 }),
];

/** A folder whose log begins with them. */
export async function prepareFolder(folder: string): Promise<void> {
  const store = await openEmbedded({ folder });
  await store.append(
    0,
    records.map((value) => ({ key: Buffer.from('late'), value: Buffer.from(value) })),
  );
  await store.close();
}

export const startWorker = (folder: string, flags: readonly string[] = []): Promise<RunningWorker> =>
  start(folder, ['--train-every-ratings', '0', '--train-budget', '2', ...flags]);

const table = syntheticRatings({ seed: 3, events: 6000, users: 60, items: 40 });

/** Ratings of the synthetic stream in the worker's scale, from the n-th on. */
export async function post(
  url: string,
  from: number,
  count: number,
  headers: Record<string, string> = {},
): Promise<void> {
  const ratings = Array.from({ length: count }, (_, i) => {
    const event = (from + i) % table.ratings.length;
    return {
      userId: table.users[table.userIndex[event]!],
      itemId: table.items[table.itemIndex[event]!],
      rating: Math.max(1, table.ratings[event]!),
      ratedAt: Date.now(),
    };
  });
  await send(url, ratings, headers);
}

export async function send(
  url: string,
  ratings: readonly object[],
  headers: Record<string, string> = {},
): Promise<void> {
  const response = await fetch(`${url}/ratings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(ratings),
  });
  if (response.status !== 202) throw new Error(`POST /ratings answered ${response.status}: ${await response.text()}`);
}

/** Posts a few ratings again and again until it is stopped. */
export function feed(url: string): () => Promise<void> {
  let isOver = false;
  const feeding = (async () => {
    for (let from = 0; !isOver; from += 40) {
      await post(url, from, 40);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  })();
  return async () => {
    isOver = true;
    await feeding;
  };
}

export interface Seen {
  readonly page: Page;
  /** What the page complained of, and what it asked others for: nothing, if all is well. */
  readonly complaints: string[];
  /** Of everything that the first view took over the wire. */
  readonly transferred: () => number;
  close(): Promise<void>;
}

export async function look(
  browser: Browser,
  url: string,
  path = '',
  options: BrowserContextOptions = {},
): Promise<Seen> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    colorScheme: 'light',
    ...options,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  let bytes = 0;
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asked ${request.url()}`);
  });
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  session.on('Network.dataReceived', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto(`${url}/${path}`);
  return { page, complaints, transferred: () => bytes, close: () => context.close() };
}
