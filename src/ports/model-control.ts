/** What an operator may want of the networks. Called by adapters/http and the commands; implemented by stream/. */
import type { NetworkKind } from '../model/networks/kinds.ts';
import type { ModelRecord, ModelVersion } from './models.ts';

/** Refused when it makes no sense as things are; the reason says why, and nothing is changed. */
export type ControlResult =
  { readonly kind: 'done'; readonly record: ModelRecord } | { readonly kind: 'refused'; readonly reason: string };

export interface ModelControl {
  readonly kinds: readonly NetworkKind[];
  /** One record a kind, also of kinds of which nothing was ever said. */
  list(): Promise<readonly ModelRecord[]>;
  /** Asks for a training. Whoever trains begins it soon, and what served goes on meanwhile. */
  train(kind: NetworkKind): Promise<ControlResult>;
  /**
   * The version serves at once, whatever the rule of promotion thinks of it; what served goes into its shadow. Done, and nothing
   * changed, when it serves already: the rule may have promoted it while somebody looked.
   */
  promote(kind: NetworkKind, version: ModelVersion): Promise<ControlResult>;
  /** What served before serves again; nothing of the kind when nothing did. */
  rollBack(kind: NetworkKind): Promise<ControlResult>;
}
