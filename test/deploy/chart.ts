/** The chart's files. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';

export const chartFolder = fileURLToPath(new URL('../../deploy/helm/freshet', import.meta.url));
export const chartFile = (name: string): string => readFileSync(`${chartFolder}/${name}`, 'utf8');

/** Names of the profiles, without their ending. */
export const profiles: readonly string[] = readdirSync(`${chartFolder}/profiles`)
  .map((name) => name.replace(/\.yaml$/, ''))
  .sort();

export interface DocumentedValue {
  /** Dotted. */
  readonly path: string;
  /** As JSON. */
  readonly default: string;
  /** The comment above it; empty when there is none. */
  readonly doc: string;
}

/** Every value of values.yaml that a user sets: the leaves, and what has a comment of its own. */
export function documentedValues(): DocumentedValue[] {
  const contents = parseDocument(chartFile('values.yaml')).contents as YAMLMap;
  return valuesOf(contents, '');
}

function valuesOf(map: YAMLMap, prefix: string): DocumentedValue[] {
  return map.items.flatMap(({ key, value }, at) => {
    if (!isScalar(key)) throw new Error('a key of values.yaml is no word');
    const path = `${prefix}${String(key.value)}`;
    // The comment before the first key of a map belongs to the map for the parser.
    const comment = key.commentBefore ?? (at === 0 && prefix !== '' ? map.commentBefore : undefined) ?? '';
    // Only what stands right above it.
    const paragraph = comment.split(/\n\s*\n/).at(-1) ?? '';
    const doc = paragraph
      .split('\n')
      .map((line) => line.trim())
      .join(' ')
      .trim();
    if (isMap(value) && value.items.length > 0 && doc === '') return valuesOf(value, `${path}.`);
    const json = (value as { toJSON(): unknown } | null)?.toJSON() ?? null;
    return [{ path, default: JSON.stringify(json), doc }];
  });
}
