/** What the experts and the parts of a prediction are called on the page. */

/** @type {Record<string, { label: string, what: string }>} */
const experts = {
  blend: { label: 'Freshet', what: 'what is published' },
  online: { label: 'Without networks', what: 'online experts' },
  factors: { label: 'Factors', what: 'online expert' },
  bias: { label: 'Biases', what: 'baseline' },
  mean: { label: 'Mean', what: 'baseline' },
  embedding: { label: 'Embedding', what: 'network' },
  deep: { label: 'Deep', what: 'network' },
  residual: { label: 'Residual', what: 'network' },
  autoencoder: { label: 'Autoencoder', what: 'network' },
  rbm: { label: 'RBM', what: 'network' },
};

/** The published prediction first, then who stands behind it, the baselines last. */
const order = ['blend', 'online', 'factors', 'embedding', 'deep', 'residual', 'autoencoder', 'rbm', 'bias', 'mean'];

/** @param {string} name */
export const expertName = (name) => experts[name] ?? { label: name, what: 'expert' };

/** @param {readonly string[]} names */
export const inOrder = (names) =>
  [...names].sort((a, b) => (order.indexOf(a) + 1 || order.length) - (order.indexOf(b) + 1 || order.length));

/** @type {Record<string, string>} */
export const reasons = {
  mean: 'Mean of all ratings',
  user: 'How this user rates lately',
  item: 'How this item is rated',
  interaction: 'What user and item have in common',
  context: 'Latest and most similar ratings, and the moment',
  networks: 'Networks',
};
