/** The console in a real browser, over a worker that runs: by mouse, by keyboard, and for those who cannot see it. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempFolders } from '../adapters/embedded/temp-folder.ts';
import { committedOffset, killAll, stop, type RunningWorker } from '../integration/running-worker.ts';
import {
  feed,
  hostileIds,
  look,
  openBrowser,
  post,
  prepareFolder,
  send,
  startWorker,
  type Seen,
} from './given-console.ts';
import { openPlace } from './place.ts';
import { removeFolder } from '../support/remove-folder.ts';

const newFolder = tempFolders();
let browser: Browser;
let worker: RunningWorker;
/** Of the worker that all tests look at. */
let folder = '';
let stopFeeding: () => Promise<void>;
const open: Seen[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'freshet-console-'));
  await prepareFolder(folder);
  [browser, worker] = await Promise.all([openBrowser(), startWorker(folder)]);
  await post(worker.url, 0, 4000);
  await send(
    worker.url,
    hostileIds.map((id, i) => ({ userId: id, itemId: hostileIds[(i + 1) % hostileIds.length], rating: 3 })),
  );
  stopFeeding = feed(worker.url);
});
afterAll(async () => {
  await Promise.all(open.map((seen) => seen.close()));
  await stopFeeding();
  await browser.close();
  await stop(worker);
  await killAll();
  removeFolder(folder);
});

async function show(path = '', options: Parameters<typeof look>[3] = {}): Promise<Seen> {
  const seen = await look(browser, worker.url, path, options);
  open.push(seen);
  return seen;
}

const isWithin = (page: Page): Promise<boolean> =>
  page.evaluate<boolean>('document.documentElement.scrollWidth <= document.documentElement.clientWidth');

/** Text of the first match once it is there. */
const text = (page: Page, selector: string): Promise<string | null> => page.locator(selector).first().textContent();

describe('the overview', () => {
  it('shows errors of every expert against the baselines, and keeps moving', async () => {
    const { page, complaints } = await show();
    await page.locator('.legend tbody tr').nth(3).waitFor();
    const rows = await page.locator('.legend tbody tr').allTextContents();
    expect(rows.map((row) => row.replace(/[\d.].*/, ''))).toEqual([
      'Freshetwhat is published',
      'Factorsonline expert',
      'Biasesbaseline',
      'Meanbaseline',
    ]);
    expect(await page.locator('.chart canvas').count()).toBe(3);
    expect(await text(page, '#status-text')).toBe('Live');
    const learned = () => text(page, '.tile-rate .tile-note');
    const before = await learned();
    await expect.poll(learned).not.toBe(before);
    await expect
      .poll(async () => Number((await text(page, '.tile-rate .tile-value'))?.replace(',', '')))
      .toBeGreaterThan(0);
    expect(complaints.join('\n')).toBe('');
  });

  it('is there within a second and 200 kB, and asks for it only once', async () => {
    const { page, transferred } = await show();
    await page.locator('.tile-error .tile-value:not(:text("–"))').waitFor();
    const firstMs = await page.evaluate<number>(
      "performance.getEntriesByType('paint').find(({ name }) => name === 'first-contentful-paint').startTime",
    );
    expect(firstMs).toBeLessThan(1000);
    expect(transferred()).toBeGreaterThan(10_000);
    expect(transferred()).toBeLessThan(200_000);
    const again = page.waitForResponse((response) => response.url().endsWith('/console/uplot.js'));
    await page.reload();
    expect((await again).status()).toBe(304);
  });
});

describe('predictions', () => {
  it('come in, and say why, and wait while somebody reads', async () => {
    const { page, complaints } = await show('#/predictions');
    const why = page.getByRole('button', { name: 'Why' }).first();
    await why.click();
    const details = page.locator('.prediction-details:not([hidden])');
    expect(await details.getByRole('table').textContent()).toMatch(
      /^From the mean of .*How this user rates lately.*How this item is rated/,
    );
    expect(await details.textContent()).toMatch(/Experts.*Freshet.*Factors.*Biases.*Mean.*Model versions/);
    const first = await page.locator('.predictions > li').first().getAttribute('data-key');
    await send(worker.url, [{ userId: 'while-reading', itemId: 'item-1', rating: 4 }]);
    const learned = await fetch(`${worker.url}/users/while-reading`);
    expect(learned.status).toBe(200);
    expect(await page.locator('.predictions > li').first().getAttribute('data-key')).toBe(first);
    await page.getByRole('button', { name: 'Go on' }).click();
    await expect.poll(() => page.locator('.predictions > li').first().getAttribute('data-key')).not.toBe(first);
    expect(complaints.join('\n')).toBe('');
  });
});

describe('a user', () => {
  it('is looked up, predicted for with reasons, and forgotten after a question', async () => {
    await send(
      worker.url,
      [1, 2, 3].map((n) => ({ userId: 'forget-me', itemId: `item-${n}`, rating: 2 + n })),
    );
    const { page, complaints } = await show('#/users');
    await page.getByLabel('User id').fill('forget-me');
    await page.getByRole('button', { name: 'Look up' }).click();
    await page.getByRole('heading', { name: 'Remembered ratings' }).waitFor();
    expect(await page.locator('.plain tbody tr').allTextContents()).toEqual([
      expect.stringMatching(/^item-35/),
      expect.stringMatching(/^item-24/),
      expect.stringMatching(/^item-13/),
    ]);
    expect(await page.locator('.best li').count()).toBe(10);
    await page.getByLabel('Item id').fill('item-5');
    await page.getByRole('button', { name: 'Predict' }).click();
    await page.locator('.answer-value').waitFor();
    expect(await text(page, '.answer')).toMatch(/between .* with a probability of 80 %.*what moved it most.*How this/);
    await page.locator('.best').getByRole('button').first().click();
    await expect.poll(() => text(page, '.answer-title')).not.toBe('For item-5');

    await page.getByRole('button', { name: 'Forget…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Forget this user?' });
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await dialog.count()).toBe(0);
    await page.getByRole('button', { name: 'Forget…' }).click();
    await dialog.getByRole('button', { name: 'Forget' }).click();
    await page.getByText('Nothing is known of this user').waitFor();
    expect(complaints.join('\n')).toBe('');
  });

  it('may be called anything: ids are text', async () => {
    const { page, complaints } = await show('#/users');
    for (const id of hostileIds) {
      await page.getByLabel('User id').fill(id);
      await page.getByRole('button', { name: 'Look up' }).click();
      await expect.poll(() => text(page, '.user-id')).toBe(id);
      expect(await page.locator('.plain tbody tr').count()).toBe(1);
      expect(await isWithin(page)).toBe(true);
    }
    expect(await page.locator('main img').count()).toBe(0);
    expect(complaints.join('\n')).toBe('');
  });
});

describe('models', () => {
  const trainingMs = 120_000;
  it('are trained, promoted and rolled back', { timeout: 2 * trainingMs }, async () => {
    const { page, complaints } = await show('#/models');
    const card = page.locator('section.model', { has: page.getByRole('heading', { name: 'Autoencoder' }) });
    await card.getByRole('button', { name: 'Train the Autoencoder network' }).click();
    await page.getByText('A training of the Autoencoder network was asked for.').waitFor();
    // It has the least of priorities, beside other browsers.
    await expect.poll(() => card.locator('tbody tr').count(), { timeout: trainingMs }).toBe(1);
    const promote = card.getByRole('button', { name: /^Promote / }).first();
    // It may have been promoted by itself, also while the button was pressed.
    if ((await promote.count()) > 0) {
      await promote.click();
      await page.getByRole('dialog').getByRole('button', { name: 'Promote' }).click();
    }
    await card.locator('.model-state .pill.good').waitFor();
    await card.getByRole('button', { name: 'Roll the Autoencoder network back' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click();
    await page.getByText('The Autoencoder network is rolled back.').waitFor();
    await expect
      .poll(() => text(page, 'section.model:has(#model-autoencoder) .model-state'))
      .toContain('does not serve');
    expect(complaints.join('\n')).toBe('');
  });
});

describe('dead letters', () => {
  it('say why, and are tried again', async () => {
    const { page, complaints } = await show('#/dead-letters');
    await page.locator('.letter').nth(1).waitFor();
    expect(await page.locator('.letter').allTextContents()).toEqual([
      expect.stringMatching(/FRESHET_RATING_OUTSIDE_SCALE.*ratings\[0\]@1.*rating 9.*<b>dune<\/b>/),
      expect.stringMatching(/FRESHET_UNDECODABLE.*ratings\[0\]@0.*\{broken/),
    ]);
    await page.getByRole('button', { name: 'Retry the record of ratings[0]@1' }).click();
    await page
      .locator('.toast.failed', { hasText: 'it would be refused again (FRESHET_RATING_OUTSIDE_SCALE)' })
      .waitFor();
    expect(complaints.filter((complaint) => !complaint.includes('409')).join('\n')).toBe('');
  });

  it('that can be read now come in once, and are marked; with a token, by keyboard', async () => {
    const folder = newFolder();
    await prepareFolder(folder);
    // A worker that looks for users elsewhere refuses all of them.
    const refusing = await startWorker(folder, ['--map', 'userId=nowhere']);
    await expect.poll(() => committedOffset(refusing)).toBe(3);
    await stop(refusing);
    const mended = await startWorker(folder, ['--http-token', 'secret']);
    const seen = await look(browser, mended.url, '#/dead-letters');
    const { page } = seen;
    // What is asked with the wrong token is answered when the right one is in use already: nobody is asked again.
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.route(/\/dead-letters\?/, async (route) => {
      if (route.request().headers()['authorization'] === 'Bearer wrong') await released;
      await route.continue();
    });
    for (const token of ['wrong', 'secret']) {
      await page.getByLabel('Token').fill(token);
      await page.keyboard.press('Enter');
    }
    await page.locator('.letter').nth(2).waitFor();
    const late = page.waitForResponse((response) => response.status() === 401);
    release();
    await late;
    await page.evaluate('new Promise((resolve) => setTimeout(resolve))');
    expect(await page.getByLabel('Token').count()).toBe(0);
    await page.getByRole('button', { name: 'Retry the record of ratings[0]@2' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('Put into the ratings again, at 0:3.').waitFor();
    await expect.poll(() => page.locator('.letter', { hasText: 'ratings[0]@2' }).textContent()).toContain('retried');
    expect(await page.getByRole('button', { name: 'Retry the record of ratings[0]@2' }).count()).toBe(0);
    await page.evaluate(`location.hash = '#/users/late'`);
    await expect
      .poll(() => page.locator('.plain tbody tr').allTextContents())
      .toEqual([expect.stringMatching(/^dune5/)]);
    await seen.close();
    await stop(mended);
  });
});

describe('by keyboard alone', () => {
  it('everything can be reached, and the focus goes where the page goes', async () => {
    const { page, complaints } = await show();
    await page.locator('.legend tbody tr').first().waitFor();
    const focused = () => page.evaluate<string>("document.activeElement.textContent.replaceAll(/\\s+/g, ' ').trim()");
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to content');
    const stops: string[] = [];
    for (let i = 0; i < 8; i++) {
      await page.keyboard.press('Tab');
      stops.push(await focused());
    }
    expect(stops.map((name) => name.replace(/\d+$/, ''))).toEqual([
      ...['Freshet', 'System Light Dark', 'Overview', 'Predictions', 'Users', 'Models', 'Dead letters'],
      expect.stringContaining('minutes'),
    ]);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Users', level: 1 }).waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
    await page.keyboard.press('Tab');
    await page.keyboard.type('user-1');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Forget…' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    // The way out comes first, and Escape is one, too.
    expect(await focused()).toBe('Cancel');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    expect(await focused()).toBe('Forget…');
    expect(complaints.join('\n')).toBe('');
  });
});

describe('colours', () => {
  it('are those of the system until somebody chooses, and then stay', async () => {
    const { page } = await show('', { colorScheme: 'dark' });
    const background = () => page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
    const dark = await background();
    await page.locator('#theme').selectOption('light');
    const light = await background();
    expect(light).not.toBe(dark);
    await page.reload();
    expect(await background()).toBe(light);
    await page.locator('#theme').selectOption('auto');
    expect(await background()).toBe(dark);
  });
});

describe('for everybody', () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const ways = [
    { name: 'wide, light', options: { colorScheme: 'light' } },
    { name: 'wide, dark', options: { colorScheme: 'dark' } },
    { name: 'phone, light', options: { colorScheme: 'light', viewport: { width: 390, height: 844 } } },
    { name: 'phone, dark', options: { colorScheme: 'dark', viewport: { width: 390, height: 844 } } },
  ] as const;

  it.concurrent.each(ways)('axe finds nothing serious: $name', async ({ options }) => {
    // What is injected to look at the page is not the page's.
    const { page } = await show('', { ...options, bypassCSP: true });
    await page.evaluate(axe);
    for (const [path, ready] of [
      ['#/', '.legend tbody tr'],
      ['#/predictions', '.prediction'],
      ['#/users/user-1/item-3', '.answer-value'],
      ['#/models', '.model'],
      ['#/dead-letters', '.letter'],
    ] as const) {
      await page.evaluate(`location.hash = '${path}'`);
      await page.locator(ready).first().waitFor();
      if (path === '#/predictions') await page.getByRole('button', { name: 'Why' }).first().click();
      const found = await page.evaluate<{
        readonly violations: readonly {
          readonly id: string;
          readonly impact: string;
          readonly nodes: readonly { readonly html: string }[];
        }[];
      }>('axe.run(document, { resultTypes: ["violations"] })');
      const serious = found.violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
      expect(serious.map(({ id, nodes }) => ({ path, id, nodes: nodes.map(({ html }) => html) }))).toEqual([]);
      expect([path, await isWithin(page)]).toEqual([path, true]);
    }
  });
});

describe('when the worker goes away', () => {
  it('says so, keeps what it has, and goes on when it is back', async () => {
    const folder = newFolder();
    const first = await startWorker(folder);
    await post(first.url, 0, 500);
    const place = await openPlace();
    place.lead(first.url);
    const seen = await look(browser, place.url);
    const { page } = seen;
    await page.locator('.legend tbody tr').first().waitFor();
    await stop(first);
    await page.getByText('The worker cannot be reached').waitFor();
    expect(await page.locator('.legend tbody tr').count()).toBeGreaterThan(3);
    const again = await startWorker(folder);
    place.lead(again.url);
    await expect.poll(() => text(page, '#status-text')).toBe('Live');
    expect(await page.locator('#banner').isHidden()).toBe(true);
    await seen.close();
    await Promise.all([stop(again), place.close()]);
  });
});

describe('before anything was rated', () => {
  it('every view says what to do', async () => {
    const empty = await startWorker(newFolder());
    const { page } = await look(browser, empty.url);
    await page.getByText('No rating has been predicted yet').waitFor();
    for (const [hash, words] of [
      ['#/predictions', 'No predictions yet'],
      ['#/users', 'Look up a user'],
      ['#/models', 'There is no version yet'],
      ['#/dead-letters', 'Nothing was refused'],
    ] as const) {
      await page.evaluate(`location.hash = '${hash}'`);
      await page.getByText(words).first().waitFor();
    }
    await stop(empty);
  });
});
