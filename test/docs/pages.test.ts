import { describe, expect, it } from 'vitest';
import { exists, filesUnder, page, pageNames, read, root, tableRows } from './pages.ts';

const pages = pageNames().map((name) => ({ name: `docs/${name}`, text: page(name) }));
const decisions = filesUnder('docs/decisions', '.md').map((name) => ({ name, text: read(name) }));
const front = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'].map((name) => ({ name, text: read(name) }));
const production = ['docs/deploy', 'docs/runbooks']
  .flatMap((folder) => filesUnder(folder, '.md'))
  .concat('deploy/helm/freshet/README.md')
  .map((name) => ({ name, text: read(name) }));
const everything = [...pages, ...decisions, ...production, ...front];

const withoutBlocks = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, '');
const headingsOf = (text: string): string[] =>
  [...withoutBlocks(text).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading ?? '');

/** As the usual renderers make them. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-');

function resolved(from: string, link: string): string {
  const folder = from.slice(0, from.lastIndexOf('/') + 1);
  const parts: string[] = [];
  for (const part of `${folder}${link}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}

describe('every page', () => {
  it.each(everything)('$name links to what is there', ({ name, text }) => {
    const broken: string[] = [];
    for (const [, link = ''] of withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? name : resolved(name, path);
      if (!exists(target)) broken.push(link);
      else if (anchor !== undefined && !headingsOf(read(target)).map(anchorOf).includes(anchor)) broken.push(link);
    }
    expect(broken).toEqual([]);
  });

  it.each(everything)('$name names files that are there', ({ text }) => {
    const named = [...text.matchAll(/`((?:src|test|bench|docs|schemas|deploy)\/[\w./-]*)`/g)].map(
      ([, path]) => path ?? '',
    );
    // Placeholders for the reader's own adapter and bug.
    expect(named.filter((path) => !exists(path) && !/YOURS|^test\/issues\//.test(path))).toEqual([]);
  });

  it('is in the index once, with one line', () => {
    const listed = [...page('README.md').matchAll(/^- \[[^\]]+\]\(([\w-]+\.md)\): .+\.$/gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual(
      pageNames()
        .filter((name) => name !== 'README.md')
        .sort(),
    );
  });
});

describe('comments in the sources', () => {
  const mentions = filesUnder('src', '.ts').flatMap((path) => {
    const text = read(path).replaceAll(/\n\s*(?:\*|\/\/)\s?/g, ' ');
    return [...text.matchAll(/(docs\/[\w/-]+\.md)(?:, "([^"]+)")?/g)].map(([, target = '', heading]) => ({
      path,
      target,
      heading,
    }));
  });

  it('point to pages and headings that are there', () => {
    const lost = mentions.filter(
      ({ target, heading }) =>
        !exists(target) || (heading !== undefined && !headingsOf(read(target)).includes(heading)),
    );
    expect(lost).toEqual([]);
    expect(new Set(mentions.map(({ heading }) => heading))).toContain('One checkpoint');
  });
});

describe('the architecture page', () => {
  it('has a row for every room of rooms.config.js', async () => {
    const { rooms } = (await import(`${root}rooms.config.js`)) as { rooms: { readonly files: readonly string[] }[] };
    const listed = tableRows(page('architecture.md'))
      .flatMap(([first = '']) => first.split(/`?, `?/))
      .map((cell) => cell.replaceAll('`', ''))
      .filter((cell) => cell.startsWith('src/'));
    const inCode = rooms.flatMap(({ files }) => files).filter((file) => file.startsWith('src/'));
    expect(listed.sort()).toEqual(inCode.map((file) => file.replace('**', '')).sort());
  });
});

describe('the delivery guarantees', () => {
  it('name for every promise the tests that prove it', () => {
    const rows = tableRows(page('delivery-guarantees.md'));
    expect(rows.length).toBeGreaterThan(10);
    for (const [promise, proof = ''] of rows) {
      const tests = proof.split(/,\s*/).map((path) => path.replaceAll('`', ''));
      expect({ promise, missing: tests.filter((path) => !/\.(test|laws)\.ts$/.test(path) || !exists(path)) }).toEqual({
        promise,
        missing: [],
      });
    }
  });
});

describe('the page of the online learner', () => {
  it('names settings that are there, with their defaults', async () => {
    const { defaultSettings } = await import('../../src/model/settings.ts');
    const { allInputs, plainInputs, posteriorInputs } = await import('../../src/model/context.ts');
    const { userStride, itemCells } = await import('../../src/model/row-layout.ts');
    const text = page('online-learner.md');
    for (const name of [
      'itemDamping',
      'userDamping',
      'recentDecayRatio',
      'recentDamping',
      'regularization',
      'historyLimit',
    ]) {
      expect(defaultSettings).toHaveProperty(name);
      expect(text).toContain(`\`${name}\``);
    }
    const { k, historyLimit, replays, replayWindow } = defaultSettings;
    expect(text).toContain(`\`k\` = ${k} numbers`);
    expect(text).toContain(`The latest ${historyLimit} ratings of each user`);
    expect(text).toContain(`replays* ${replays} of the user's latest ${replayWindow} remembered`);
    expect(text).toContain(`from ${allInputs} inputs`);
    const inputs = { fast: plainInputs, balanced: allInputs, full: posteriorInputs };
    for (const [effort, count] of Object.entries(inputs))
      expect(text).toMatch(new RegExp(`^\\| \`${effort}\`.* \\| ${count} \\|$`, 'm'));
    expect(text).toContain(`\`${defaultSettings.effort}\`, the default`);
    expect(text).toContain(`| ${4 * userStride(k)} `);
    expect(text).toContain(`| ${4 * itemCells(k, 0)} each`);
  });
});
