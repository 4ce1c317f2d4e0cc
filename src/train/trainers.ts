/** How each kind of network is trained, with settings that were chosen on validation parts (docs/models.md). */
import { networkKinds, type NetworkKind } from '../model/networks/kinds.ts';
import { trainAutoencoder } from './autoencoder.ts';
import { deep } from './deep.ts';
import { embedding } from './embedding.ts';
import type { FitHyper } from './fit-hyper.ts';
import { trainAfter, trainBy } from './fit.ts';
import { trainRbm } from './rbm.ts';
import { residual } from './residual.ts';
import type { StepOf } from './step.ts';
import type { Train } from './trained.ts';
import { withFoldIn } from './with-fold-in.ts';

const common = { d: 32, batch: 1024, epochs: 40, patience: 3, dropout: 0, layerDecay: 0, biasPenalty: 0.3 };

export const embeddingHyper: FitHyper = {
  ...common,
  ...{ d: 64, rate: 7e-3, decay: 0.88, rowPenalty: 1.1, deviation: 0.03 },
};
export const deepHyper: FitHyper = {
  ...common,
  ...{ rate: 3e-3, decay: 0.75, rowPenalty: 3.5, deviation: 0.05 },
  ...{ dropout: 0.2, layerDecay: 1 },
};
export const residualHyper: FitHyper = {
  ...common,
  ...{ rate: 3e-4, decay: 0.7, rowPenalty: 1.1, deviation: 0.05 },
  layerDecay: 20,
};

/** The kinds that `trainersOf` has. */
export const trainableKinds: readonly NetworkKind[] = networkKinds;

export function trainersOf(stepOf: StepOf): Readonly<Partial<Record<NetworkKind, Train>>> {
  const trainEmbedding = trainBy(embedding, embeddingHyper, stepOf);
  return {
    embedding: withFoldIn(trainEmbedding),
    deep: withFoldIn(trainAfter(trainEmbedding, deep, deepHyper, stepOf)),
    residual: withFoldIn(trainAfter(trainEmbedding, residual, residualHyper, stepOf)),
    autoencoder: withFoldIn(trainAutoencoder),
    rbm: withFoldIn(trainRbm),
  };
}
