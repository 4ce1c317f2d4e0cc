/** What can be asked of `freshet models`, with what it needs, and what is answered. */
import type { NetworkKind } from '../../model/networks/kinds.ts';
import type { ControlResult } from '../../ports/model-control.ts';
import type { ModelRecord } from '../../ports/models.ts';
import type { Values } from '../../setting.ts';
import { learnerSettings } from '../learner-settings.ts';
import { mappingSettings } from '../mapping-settings.ts';
import { registrySettings } from '../registry-settings.ts';
import { anyTarget } from '../target.ts';
import { trainingSettings } from './training-settings.ts';

const { choices, doc } = learnerSettings.effort;
export const modelsSettings = {
  ...anyTarget,
  ...registrySettings,
  ...trainingSettings,
  ...mappingSettings,
  effort: {
    type: 'choice',
    choices,
    doc: `What agree goes through the log with; when not given, full where workers had full or auto, and balanced elsewhere. ${doc}`,
  },
} as const;
export type ModelsValues = Values<typeof modelsSettings>;

export type ModelOrder =
  | { readonly action: 'list' }
  | { readonly action: 'show' | 'train' | 'roll-back'; readonly kind: NetworkKind }
  | { readonly action: 'promote'; readonly kind: NetworkKind; readonly version: string };

/** Everything, or the record that was changed, or why it was not. */
export type ModelAnswer = { readonly kind: 'records'; readonly records: readonly ModelRecord[] } | ControlResult;
