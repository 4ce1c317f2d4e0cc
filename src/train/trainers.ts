/** How each kind of network is trained, with settings that were chosen on validation parts (docs/models.md). */
import { networkKinds, type NetworkKind } from '../model/networks/kinds.ts';
import { trainAutoencoder } from './autoencoder.ts';
import { deep } from './deep.ts';
import { embedding } from './embedding.ts';
import { trainBy, type FitHyper } from './fit.ts';
import { trainRbm } from './rbm.ts';
import { residual } from './residual.ts';
import type { StepOf } from './step.ts';
import type { Train } from './trained.ts';

const common = { d: 32, batch: 1024, epochs: 40, patience: 3, dropout: 0, layerDecay: 0, biasPenalty: 0.01 };

export const embeddingHyper: FitHyper = { ...common, rate: 1e-2, decay: 0.85, rowPenalty: 0.1, deviation: 0.03 };
export const deepHyper: FitHyper = {
  ...common,
  ...{ rate: 1e-2, decay: 0.8, rowPenalty: 0.3, deviation: 0.2 },
  ...{ dropout: 0.1, layerDecay: 0.3 },
};
export const residualHyper: FitHyper = {
  ...common,
  ...{ rate: 5e-3, decay: 0.75, rowPenalty: 0.14, deviation: 0.05 },
  layerDecay: 5,
};

/** The kinds that `trainersOf` has. */
export const trainableKinds: readonly NetworkKind[] = networkKinds;

export function trainersOf(stepOf: StepOf): Readonly<Partial<Record<NetworkKind, Train>>> {
  return {
    embedding: trainBy(embedding, embeddingHyper, stepOf),
    deep: trainBy(deep, deepHyper, stepOf),
    residual: trainBy(residual, residualHyper, stepOf),
    autoencoder: trainAutoencoder,
    rbm: trainRbm,
  };
}
