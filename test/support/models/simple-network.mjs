/**
 * The least that is a network: biases, from an artifact of kind `embedding` whose factors are nothing. Shared by tests and by
 * the training programs that they start, hence plain JavaScript.
 */
export function simpleNetwork({ manifest, tensors, userIds, itemIds }) {
  const users = new Map(userIds.map((id, n) => [id, n]));
  const items = new Map(itemIds.map((id, n) => [id, n]));
  const of = (name, row) => (row < 0 ? 0 : tensors.get(name).data[row]);
  return {
    kind: manifest.kind,
    version: manifest.version,
    userOf: (id) => users.get(id) ?? -1,
    itemOf: (id) => items.get(id) ?? -1,
    predict: (user, item) => of('mean', 0) + of('user.bias', user) + of('item.bias', item),
    release: () => undefined,
  };
}

/** Tensors of biases, with factors of nothing. */
export function simpleTensors({ mean, user, item }) {
  const column = (data) => ({ shape: [data.length], data });
  const factors = (n) => ({ shape: [n, 4], data: new Float32Array(4 * n) });
  return new Map([
    ['mean', { shape: [1], data: Float32Array.of(mean) }],
    ['user.bias', column(user)],
    ['item.bias', column(item)],
    ['user.embedding', factors(user.length)],
    ['item.embedding', factors(item.length)],
  ]);
}
