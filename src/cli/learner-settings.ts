/** Settings of every command that learns. */
import { defaultSettings, efforts, type LearnerSettings } from '../model/settings.ts';
import { kernelChoices } from '../kernel/choose.ts';
import type { Settings, Values } from '../setting.ts';

export const learnerSettings = {
  effort: {
    type: 'choice',
    choices: efforts,
    default: defaultSettings.effort,
    doc: 'fast: no replay and no context in the stack, several times the speed; full: everything.',
  },
  seed: {
    type: 'integer',
    min: 0,
    max: 2 ** 31 - 1,
    default: defaultSettings.seed,
    doc: 'Fixes every random start; the same seed and stream give the same bits.',
  },
} as const satisfies Settings;

/** How it is computed; the numbers differ in the last bits only. */
export const kernelSetting = {
  kernel: {
    type: 'choice',
    choices: kernelChoices,
    default: 'auto',
    doc: 'The numeric inner loops: simd (WebAssembly, rows in at most 4 GiB), plain, or auto: simd where the machine has it.',
  },
} as const satisfies Settings;

export function learnerSettingsOf({ effort, seed }: Values<typeof learnerSettings>): LearnerSettings {
  return { ...defaultSettings, effort: effort, seed };
}
