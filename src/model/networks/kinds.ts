/** The kinds of network that are trained and served. */
export const networkKinds = ['embedding', 'deep', 'residual', 'autoencoder', 'rbm'] as const;
export type NetworkKind = (typeof networkKinds)[number];
