/** The pages under docs/ and the sources, as text. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export const page = (name: string): string => readFileSync(`${root}docs/${name}`, 'utf8');

export const pageNames = (): string[] => readdirSync(`${root}docs`).filter((name) => name.endsWith('.md'));

/** Paths below the project's root of the files that end with `ending`. */
export function filesUnder(folder: string, ending: string): string[] {
  return readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`)
    .sort();
}

export const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

export const exists = (path: string): boolean => existsSync(`${root}${path}`);

/** First cells of the tables of a page, without code marks; heads and rules left out. */
export function firstCells(text: string): string[] {
  return tableRows(text).map((cells) => cells[0] ?? '');
}

/** Cells of every table row below a head. Fenced blocks do not count. */
export function tableRows(text: string): string[][] {
  const lines = text.replaceAll(/^```[\s\S]*?^```/gm, '').split('\n');
  return lines
    .filter((line, at) => line.startsWith('|') && !isRule(line) && !isRule(lines[at + 1] ?? ''))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
    );
}

const isRule = (line: string): boolean => /^\|[\s|:-]+\|$/.test(line);
