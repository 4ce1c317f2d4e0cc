/** One user or one item as it is stored, in the user's scale. */
import { createCodec } from '../../adapters/avro/codec.ts';
import { CorruptStateError } from '../../errors.ts';
import { createPlainKernel } from '../../kernel/plain.ts';
import { slotsPerBlock } from '../../model/history.ts';
import { ItemTable } from '../../model/item-table.ts';
import { itemField, userField } from '../../model/row-layout.ts';
import { asWritten, unitsPerInner, type Scale } from '../../model/scale.ts';
import { historyKey, itemKey, userKey } from '../../stream/keys.ts';
import { ContributionImages } from '../../stream/contribution-image.ts';
import { partitionOf } from '../../stream/partition-of.ts';
import { rowOf } from '../../stream/stored-row.ts';
import type { StoredSettings } from '../../stream/stored-settings.ts';
import { learnerSettingsIn, settingsIn } from '../stored-settings.ts';
import type { RowView } from './view.ts';

export interface UserReport {
  readonly userId: string;
  readonly partition: number;
  /** How far above the mean and the items' biases the user rates: in the long run, and lately. */
  readonly level: { readonly long: number; readonly recent: number };
  readonly counts: {
    /** Sum of the weights of all learned ratings that were not withdrawn. */
    readonly weight: number;
    readonly learned: number;
    readonly remembered: number;
  };
  /** Latest first. */
  readonly remembered: readonly {
    readonly itemId: string;
    readonly rating: number;
    readonly weight: number;
    readonly ratedAt: string;
  }[];
  readonly factors: readonly number[];
  readonly factorsNorm: number;
}

export interface ItemReport {
  readonly itemId: string;
  /** How far above the mean the item is rated. */
  readonly bias: number;
  readonly weightSum: number;
  readonly factors: readonly number[];
  readonly factorsNorm: number;
}

/** Undefined when nothing is stored of the user. */
export function userIn(view: RowView, userId: string): UserReport | undefined {
  const partition = partitionOf(Buffer.from(userId), view.partitionCount);
  const bytes = view.readState(partition, userKey(userId));
  if (bytes === undefined) return undefined;
  const stored = requireSettings(view);
  const { k, userDamping, recentDamping, historyLimit } = learnerSettingsIn(stored);
  const codec = codecFor(stored.scale);
  const values = rowOf(codec.decodeUserRow(bytes));
  const field = (name: keyof typeof userField): number => values[k + userField[name]] ?? 0;
  const long = field('longSum') / (field('longCount') + userDamping);
  const recent = (field('recentSum') + recentDamping * long) / (field('recentCount') + recentDamping);

  const blockCount = Math.ceil(historyLimit / slotsPerBlock);
  const slots = Array.from({ length: blockCount }, (_, block) =>
    view.readState(partition, historyKey(userId, block)),
  ).flatMap((block) => (block === undefined ? [null, null, null, null] : codec.decodeHistoryBlock(block)));
  const sequence = field('sequence');
  const remembered = Array.from(
    { length: Math.min(sequence, slots.length) },
    (_, age) => slots[(sequence - 1 - age) % slots.length],
  )
    .filter((entry) => entry !== null && entry !== undefined)
    .map(({ itemId, rating, weight, ratedAtSeconds }) => ({
      itemId,
      rating: asWritten(stored.scale, rating),
      weight: Number(weight.toFixed(3)),
      ratedAt: new Date(ratedAtSeconds * 1000).toISOString(),
    }));
  const units = unitsPerInner(stored.scale);
  const factors = [...values.subarray(0, k)];
  return {
    userId,
    partition,
    level: { long: long * units, recent: recent * units },
    counts: { weight: field('longCount'), learned: sequence, remembered: remembered.length },
    remembered,
    factors,
    factorsNorm: Math.hypot(...factors),
  };
}

/** Undefined when no partition stores anything of the item. */
export function itemIn(view: RowView, itemId: string): ItemReport | undefined {
  const contributions = Array.from({ length: view.partitionCount }, (_, p) => view.readItem(p, itemKey(itemId))).filter(
    (bytes) => bytes !== undefined,
  );
  if (contributions.length === 0) return undefined;
  const stored = requireSettings(view);
  const settings = learnerSettingsIn(stored);
  const codec = codecFor(stored.scale);
  const items = new ItemTable(settings, createPlainKernel());
  const row = items.ensure(itemId);
  const images = new ContributionImages(items);
  for (const bytes of contributions) items.addForeign(row, images.numbersOf(codec.decodeItemContribution(bytes)), 1);
  const values = new Float32Array(items.cells);
  items.read(row, values);
  const weightSum = values[settings.k + itemField.weightSum] ?? 0;
  const residualSum = values[settings.k + itemField.residualSum] ?? 0;
  const factors = [...values.subarray(0, settings.k)];
  return {
    itemId,
    bias: (residualSum / (weightSum + settings.itemDamping)) * unitsPerInner(stored.scale),
    weightSum,
    factors,
    factorsNorm: Math.hypot(...factors),
  };
}

const codecFor = (scale: Scale) => createCodec({ scale, nowMs: () => Date.now() });

function requireSettings(view: RowView): StoredSettings {
  const settings = settingsIn(view);
  if (settings !== undefined) return settings;
  throw new CorruptStateError(
    'There are rows, but nothing says with which scale they were learned; start a worker on them once, with the scale it had.',
  );
}
