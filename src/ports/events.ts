/** The events of the wire as plain values; how they become bytes is the codec's business (ports/codec.ts). */
import type { Offset } from './transport.ts';

/** A decoded, checked rating event. */
export interface Rating {
  /** Non-empty, at most 256 bytes of UTF-8. A long on the wire becomes its decimal digits. */
  readonly userId: string;
  readonly itemId: string;
  /** Finite and inside the scale, in the user's own units; null withdraws an earlier rating. */
  readonly rating: number | null;
  /** Milliseconds since 1970. */
  readonly ratedAtMs: number;
  /** Two ratings with the same event id among a partition's last 100,000 are learned once. */
  readonly eventId: string | null;
  /** How much the rating counts beside others, above 0 and at most 10; 1 when the event says nothing. */
  readonly weight: number;
}

/** The prediction split into what moved it; the four add up to the factors expert's answer, in the user's scale. */
export interface PredictionParts {
  readonly mean: number;
  readonly userBias: number;
  readonly itemBias: number;
  readonly interaction: number;
}

/** An answer for one user and one item, in the user's scale. */
export interface Prediction {
  readonly userId: string;
  readonly itemId: string;
  readonly prediction: number;
  /** The rating lies in low..high with a probability of 80 %. */
  readonly low: number;
  readonly high: number;
  readonly parts: PredictionParts;
  /** Every expert's own answer by name (mean, bias, factors, ...); while networks serve theirs by kind, and `online`, the answer without them. */
  readonly experts: Readonly<Record<string, number>>;
  /** By kind of the networks that serve: prediction = online + Σ weight (network - online). */
  readonly networkWeights: Readonly<Record<string, number>>;
  /** Serving version of each retrained model kind by name; empty while none serves. */
  readonly modelVersions: Readonly<Record<string, string>>;
  /** True when nothing had been learned about the user, or the item, before. */
  readonly coldUser: boolean;
  readonly coldItem: boolean;
}

/** What goes out for every rating event, made before the rating was learned. */
export interface PredictionEvent extends Prediction {
  readonly eventId: string | null;
  /** The rating that was then learned; null when it was withdrawn. */
  readonly rating: number | null;
  readonly ratedAtMs: number;
  readonly predictedAtMs: number;
  readonly sourcePartition: number;
  readonly sourceOffset: Offset;
  /** What was done for it (fast, balanced, full); empty in events from before this was told. */
  readonly effort: string;
}

/** What goes out when a user is forgotten: who, what was known, and which tombstone asked for it. */
export interface ForgetReceipt {
  readonly userId: string;
  /** False for a user of whom there was nothing to forget. */
  readonly known: boolean;
  /** Ratings that were remembered of the user, and are not any more. */
  readonly rememberedRatings: number;
  readonly forgottenAtMs: number;
  readonly sourcePartition: number;
  readonly sourceOffset: Offset;
}

/** Somebody wants predictions without a rating. */
export interface PredictionRequest {
  readonly requestId: string;
  readonly userId: string;
  /** 1 to 1000 items, or how many of the best, 1 to 100. */
  readonly wanted:
    { readonly kind: 'items'; readonly itemIds: readonly string[] } | { readonly kind: 'best'; readonly count: number };
}

export type AnsweredItem = Pick<Prediction, 'itemId' | 'prediction' | 'low' | 'high' | 'coldItem'>;

export interface PredictionAnswer {
  readonly requestId: string;
  readonly userId: string;
  /** As they were named, or the best first. */
  readonly items: readonly AnsweredItem[];
  readonly modelVersions: Readonly<Record<string, string>>;
  readonly coldUser: boolean;
  readonly answeredAtMs: number;
  /** Of the request. */
  readonly sourcePartition: number;
  readonly sourceOffset: Offset;
}

/** The best items for one user; replaces the user's former ones. */
export interface Recommendations {
  readonly userId: string;
  /** Best first, none that the user has rated. */
  readonly items: readonly { readonly itemId: string; readonly prediction: number }[];
  readonly recommendedAtMs: number;
  readonly sourcePartition: number;
  /** Every rating of the partition before this was learned by then. */
  readonly nextOffset: Offset;
}

/** A refused record with its untouched bytes and why. */
export interface DeadLetter {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly code: string;
  readonly reason: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: Offset;
  /** Writer schema id when the bytes carried one. */
  readonly schemaId: number | null;
  readonly refusedAtMs: number;
}
