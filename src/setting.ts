/**
 * A setting is plain data, and its key is its name everywhere: `httpPort` is the flag `--http-port`, the environment
 * variable `FRESHET_HTTP_PORT` and the key `httpPort` of the config file.
 */

interface Described {
  /** One sentence with the consequence of changing it; shown by --help and in docs/configuration.md. */
  readonly doc: string;
  /** What the number counts or the text names: ms, bytes, folder, host:port. */
  readonly unit?: string;
  /** Prints as ***, also in error messages. */
  readonly secret?: boolean;
  readonly required?: boolean;
}

export interface RatingScale {
  readonly lo: number;
  readonly hi: number;
}

export type Setting = Described &
  (
    | { readonly type: 'text'; readonly default?: string }
    | {
        readonly type: 'integer' | 'number';
        readonly default?: number;
        /** Both bounds belong to the range. */
        readonly min?: number;
        readonly max?: number;
      }
    /** False when nobody says anything; `--no-NAME` switches a default of true off. */
    | { readonly type: 'boolean'; readonly default?: boolean }
    | { readonly type: 'choice'; readonly choices: readonly string[]; readonly default?: string }
    /** Comma-separated; a repeated flag adds to it. */
    | { readonly type: 'list'; readonly default?: readonly string[] }
    /** `key=value,key=value`, keys from a known set. */
    | {
        readonly type: 'map';
        readonly keys: readonly string[];
        readonly default?: Readonly<Record<string, string>>;
      }
    /** `lo..hi` with lo < hi. */
    | { readonly type: 'scale'; readonly default?: RatingScale }
  );

export type Settings = Readonly<Record<string, Setting>>;

type Given<S> = S extends { readonly type: 'choice'; readonly choices: readonly (infer C)[] }
  ? C
  : S extends { readonly type: 'integer' | 'number' }
    ? number
    : S extends { readonly type: 'list' }
      ? readonly string[]
      : S extends { readonly type: 'map'; readonly keys: readonly (infer K extends string)[] }
        ? Readonly<Partial<Record<K, string>>>
        : S extends { readonly type: 'scale' }
          ? RatingScale
          : string;

type HasValue = { readonly required: true } | { readonly default: unknown };

/** What a setting's value is in TypeScript: undefined only without a default that fills it. */
export type ValueOf<S> = S extends { readonly type: 'boolean' }
  ? boolean
  : S extends HasValue
    ? Given<S>
    : Given<S> | undefined;

export type Values<S> = { readonly [K in keyof S]: ValueOf<S[K]> };

const words = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export const flagOf = (key: string): string => `--${words(key)}`;

export const environmentNameOf = (key: string): string => `FRESHET_${words(key).toUpperCase().replaceAll('-', '_')}`;

/** What a value may be, for people: `0..65535`, `csv | tsv`, `lo..hi`. Empty when anything goes. */
export function allowedValues(setting: Setting): string {
  switch (setting.type) {
    case 'text':
      return '';
    case 'integer':
    case 'number':
      if (setting.min !== undefined && setting.max !== undefined) return `${setting.min}..${setting.max}`;
      if (setting.min !== undefined) return `${setting.min} or more`;
      return setting.max === undefined ? '' : `${setting.max} or less`;
    case 'boolean':
      return 'true | false';
    case 'choice':
      return setting.choices.join(' | ');
    case 'list':
      return 'a,b,..';
    case 'map':
      return setting.keys.map((key) => `${key}=..`).join(',');
    case 'scale':
      return 'lo..hi';
  }
}

/** A value the way it is written on the command line; secrets as ***. */
export function printValue(setting: Setting, value: unknown): string {
  if (value === undefined) return '';
  if (setting.secret === true) return '***';
  if (setting.type === 'scale') {
    const { lo, hi } = value as RatingScale;
    return `${lo}..${hi}`;
  }
  if (setting.type === 'list') return (value as readonly string[]).join(',');
  if (setting.type === 'map')
    return Object.entries(value as Record<string, string>)
      .map((pair) => pair.join('='))
      .join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
