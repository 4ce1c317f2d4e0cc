/** The laws of a learner, whatever kernel it runs on: `describeLearnerContract(name, kernelOf)`. */
import { describe } from 'vitest';
import type { Kernel } from '../../src/kernel/kernel.ts';
import type { LearnerSettings } from '../../src/model/settings.ts';
import type { Learner } from '../../src/model/learner.ts';
import { accuracyLaws } from './learner-accuracy.laws.ts';
import { newLearner } from './learner-harness.ts';
import { predictionLaws } from './learner-prediction.laws.ts';
import { settingLaws } from './learner-setting.laws.ts';
import { undoLaws } from './learner-undo.laws.ts';
import { withdrawalLaws } from './learner-withdrawal.laws.ts';

export type Make = (settings?: LearnerSettings) => Learner;

export function describeLearnerContract(name: string, kernelOf: () => Kernel): void {
  const make: Make = (settings) => newLearner(settings, kernelOf());
  describe(`learner contract: ${name}`, () => {
    describe('prediction', () => predictionLaws(make));
    describe('settings', () => settingLaws(make));
    describe('undo', () => undoLaws(make));
    describe('withdrawal', () => withdrawalLaws(make));
    describe('accuracy', () => accuracyLaws(make));
  });
}
