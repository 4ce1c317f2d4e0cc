/** A training whose network also answers for users whom it does not know (fold-in.ts). */
import { createKernel } from '../kernel/choose.ts';
import { networkOf } from '../model/networks/serving.ts';
import { foldInTensors } from './fold-in.ts';
import type { Train } from './trained.ts';

export const withFoldIn =
  <Hyper>(train: Train<Hyper>): Train<Hyper> =>
  async (training, validation, options) => {
    const trained = await train(training, validation, options);
    options.signal?.throwIfAborted();
    const { kind, tensors } = trained;
    const { userIds, itemIds } = training;
    const network = networkOf({ manifest: { kind, version: '' }, tensors, userIds, itemIds }, createKernel());
    const fold = foldInTensors(network, training, trained.validationRmse, options.seed);
    return { ...trained, tensors: new Map([...tensors, ...fold]) };
  };
