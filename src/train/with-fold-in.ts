/** A training whose network also answers for users whom it does not know (fold-in.ts). */
import { createKernel } from '../kernel/choose.ts';
import { foldInTensors } from './fold-in.ts';
import { trainedNetwork } from './trained-network.ts';
import type { Train } from './trained.ts';

export const withFoldIn =
  <Hyper>(train: Train<Hyper>): Train<Hyper> =>
  async (training, validation, options) => {
    const trained = await train(training, validation, options);
    options.signal?.throwIfAborted();
    const network = trainedNetwork(trained, training, createKernel());
    const fold = foldInTensors(network, training, trained.validationRmse, options.seed);
    return { ...trained, tensors: new Map([...trained.tensors, ...fold]) };
  };
