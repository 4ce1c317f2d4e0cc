/** The command blocks of a page in docs/deploy, by their kind: what stands behind ```sh. */
import { page } from '../docs/pages.ts';

export function blocksOf(name: string, kind: string): string[] {
  const blocks = [...page(`deploy/${name}`).matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)];
  return blocks.filter(([, found]) => found === `sh ${kind}`).map(([, , code]) => code ?? '');
}

/** Kinds of the blocks of a page. */
export function blockKinds(name: string): string[] {
  return [...page(`deploy/${name}`).matchAll(/^```(.*)\n[\s\S]*?^```$/gm)].map(([, kind]) => kind ?? '');
}
