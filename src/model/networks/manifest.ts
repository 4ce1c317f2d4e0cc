/** Where a network comes from and how good it was found to be: what is told of it, beside its tensors. */
import { networkKinds, type NetworkKind } from './kinds.ts';

export interface Manifest {
  readonly kind: NetworkKind;
  readonly version: string;
  readonly seed: number;
  readonly trainedAtMs: number;
  /** Of the program that trained it. */
  readonly codeVersion: string;
  /** What computed it, as `tfjs-wasm` or `sparse-simd`. */
  readonly backend: string;
  /** The ratings that it was trained on. */
  readonly window: {
    readonly ratings: number;
    readonly firstSeconds: number;
    readonly lastSeconds: number;
  };
  /** Of the ratings log, by partition: the first offset that is not in the window. */
  readonly offsets: Readonly<Record<string, number>>;
  readonly hyperParameters: Readonly<Record<string, number | string | boolean>>;
  /** Figures by name, as `rmse`. */
  readonly evaluation: Readonly<Record<string, number>>;
}

type Check = (value: unknown) => boolean;

const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isText: Check = (value) => typeof value === 'string' && value.length > 0;
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const recordOf =
  (check: Check): Check =>
  (value) =>
    isRecord(value) && Object.values(value).every(check);

const fields: Readonly<Record<keyof Manifest, Check>> = {
  kind: (value) => networkKinds.some((kind) => kind === value),
  version: isText,
  seed: isNumber,
  trainedAtMs: isNumber,
  codeVersion: isText,
  backend: isText,
  window: (value) =>
    isRecord(value) && isNumber(value.ratings) && isNumber(value.firstSeconds) && isNumber(value.lastSeconds),
  offsets: recordOf(isNumber),
  hyperParameters: recordOf((value) => isNumber(value) || typeof value === 'string' || typeof value === 'boolean'),
  evaluation: recordOf(isNumber),
};

/** The names of fields that are missing or are not what they should be. */
export function manifestProblems(value: unknown): string[] {
  if (!isRecord(value)) return ['the whole manifest'];
  return Object.entries(fields)
    .filter(([name, check]) => !check(value[name]))
    .map(([name]) => name);
}
