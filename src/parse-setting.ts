/** From what somebody wrote (a flag, a variable, a JSON value) to a setting's value, or to what is wrong with it. */
import { allowedValues, type Setting } from './setting.ts';

export type Parsed =
  { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'problem'; readonly problem: string };

const value = (parsed: unknown): Parsed => ({ kind: 'value', value: parsed });

/** `where` names the source the way its writer knows it: `--http-port`, `FRESHET_HTTP_PORT`, `"httpPort" in conf.json`. */
export function parseSetting(setting: Setting, written: unknown, where: string): Parsed {
  const shown = setting.secret === true ? '***' : JSON.stringify(written);
  const problem = (what: string, advice: string): Parsed => ({
    kind: 'problem',
    problem: `${where} is ${shown}, which is not ${what}; give ${advice}`,
  });
  const text =
    typeof written === 'string'
      ? written.trim()
      : typeof written === 'number' || typeof written === 'boolean'
        ? String(written)
        : null;

  switch (setting.type) {
    case 'text':
      return typeof written === 'string' && text !== ''
        ? value(written)
        : problem('a text', setting.unit ?? 'some text');
    case 'integer':
    case 'number': {
      const kind = setting.type === 'integer' ? 'a whole number' : 'a number';
      const range = allowedValues(setting);
      const advice = `${kind}${range === '' ? '' : `, ${range}`}${setting.unit === undefined ? '' : ` (${setting.unit})`}`;
      const number = text === null || text === '' ? Number.NaN : Number(text);
      if (!(setting.type === 'integer' ? Number.isSafeInteger(number) : Number.isFinite(number)))
        return problem(kind, advice);
      if (number < (setting.min ?? -Infinity) || number > (setting.max ?? Infinity)) return problem('in range', advice);
      return value(number);
    }
    case 'boolean':
      if (text === 'true' || text === '1') return value(true);
      if (text === 'false' || text === '0') return value(false);
      return problem('a yes or no', 'true or false');
    case 'choice':
      return text !== null && setting.choices.includes(text)
        ? value(text)
        : problem('one of its choices', setting.choices.join(', '));
    case 'list': {
      const parts = Array.isArray(written) ? written : (text ?? '').split(',');
      const entries = parts.map((part) => String(part).trim()).filter((part) => part !== '');
      return entries.length === 0 ? problem('a list', 'values with commas between them') : value(entries);
    }
    case 'map': {
      const pairs = mapPairs(written, text);
      if (pairs === null || pairs.some(([key, entry]) => !setting.keys.includes(key) || entry === '')) {
        return problem(`a map with keys ${setting.keys.join(', ')}`, allowedValues(setting));
      }
      return value(Object.fromEntries(pairs));
    }
    case 'scale': {
      const bounds = scaleBounds(written, text);
      return bounds === null ? problem('a scale', 'lo..hi with lo below hi, as in 0.5..5') : value(bounds);
    }
  }
}

function mapPairs(written: unknown, text: string | null): [string, string][] | null {
  if (typeof written === 'object' && written !== null && !Array.isArray(written)) {
    return Object.entries(written).map(([key, entry]) => [key, String(entry)]);
  }
  if (text === null) return null;
  return text.split(',').map((pair) => {
    const equals = pair.indexOf('=');
    return equals < 0 ? [pair.trim(), ''] : [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
  });
}

function scaleBounds(written: unknown, text: string | null): { lo: number; hi: number } | null {
  const parts: unknown[] = Array.isArray(written) ? written : (text ?? '').split('..');
  if (parts.length !== 2 || parts.some((part) => String(part).trim() === '')) return null;
  const [lo, hi] = parts.map(Number) as [number, number];
  return Number.isFinite(lo) && Number.isFinite(hi) && lo < hi ? { lo, hi } : null;
}
