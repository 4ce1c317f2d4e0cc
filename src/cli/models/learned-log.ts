/** What workers have learned, wherever they keep it: what `freshet models agree` goes through. */
import type { Codec } from '../../ports/codec.ts';
import type { LoggedRatings } from '../../ports/logged-ratings.ts';
import type { ModelReader } from '../../ports/models.ts';
import type { Offset } from '../../ports/transport.ts';
import type { StoredSettings } from '../../stream/stored-settings.ts';

/** The values of a partition's latest published predictions, those of the last `ratings` ratings among them. */
export type EachPrediction = (partition: number, ratings: number, take: (value: Uint8Array) => void) => Promise<void>;

export interface LearnedLog {
  /** Undefined while nothing is learned. */
  readonly stored: StoredSettings | undefined;
  readonly codec: Codec;
  readonly ratings: LoggedRatings;
  readonly models: ModelReader;
  /** By partition. */
  readonly committed: readonly Offset[];
  readonly eachPrediction: EachPrediction;
}
