/** Settings of every command that learns. */
import { defaultSettings, efforts, withPosterior, type LearnerSettings } from '../model/settings.ts';
import { kernelChoices } from '../kernel/choose.ts';
import type { Settings, Values } from '../setting.ts';

export const learnerSettings = {
  effort: {
    type: 'choice',
    choices: efforts,
    default: defaultSettings.effort,
    doc: "fast: no replay and no context in the stack, several times the speed; balanced: with both; full: and with a Gaussian process over the user's own ratings, more exact, slower, larger rows.",
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

/** The same for a worker. */
export const workerLearnerSettings = {
  ...learnerSettings,
  effort: {
    ...learnerSettings.effort,
    choices: [...efforts, 'auto'],
    default: 'auto',
    doc: `${learnerSettings.effort.doc} auto: as full while the stream leaves time for it, and less while it does not.`,
  },
} as const satisfies Settings;

export function learnerSettingsOf({ effort, seed }: Values<typeof workerLearnerSettings>): LearnerSettings {
  if (effort === 'auto') return withPosterior({ ...defaultSettings, seed });
  const settings = { ...defaultSettings, effort, seed };
  return effort === 'full' ? withPosterior(settings) : settings;
}
