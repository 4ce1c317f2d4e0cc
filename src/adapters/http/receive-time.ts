/** A rating that says no time was made when it arrived. */

type Fields = Record<string, unknown>;

/**
 * Returns what dates entries in place: they are fresh from the parser and ours to change. The time goes in as ISO 8601
 * text, which means the same whatever unit the configured field has. What is no object stays as it is, for the codec to refuse.
 */
export function createDater(path: string, receivedAtMs: number): (entry: unknown) => unknown {
  const parents = path.split('.');
  const field = parents.pop() ?? path;
  const receivedAt = new Date(receivedAtMs).toISOString();
  return (entry) => {
    let fields: unknown = entry;
    for (const parent of parents) fields = isFields(fields) ? (fields[parent] ??= {}) : undefined;
    if (isFields(fields)) fields[field] ??= receivedAt;
    return entry;
  };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
