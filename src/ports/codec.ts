/** Bytes to values and back. Implementation: adapters/avro. Encoders return fresh buffers that the caller may keep. */
import type {
  DeadLetter,
  ForgetReceipt,
  PredictionAnswer,
  PredictionEvent,
  PredictionRequest,
  Rating,
  Recommendations,
} from './events.ts';

/** One remembered rating of a user, as it is stored: numbers are float32 on the wire. */
export interface HistoryEntry {
  readonly itemId: string;
  /** On the internal 1..5 scale. */
  readonly rating: number;
  /** Above 0 and at most 10. */
  readonly weight: number;
  /** Whole seconds since 1970. */
  readonly ratedAtSeconds: number;
  /** What the rating added to the user's, and to the item's, residual sum; on the internal scale. */
  readonly userResidual: number;
  readonly itemResidual: number;
}

/** A row of float32 numbers with the number of the layout that gives them their meaning (schemas/*.avsc). */
export interface RowImage {
  readonly layout: number;
  readonly values: Float32Array;
}

export interface RatingDecoder {
  /** Throws RejectedRecordError, and nothing else, whatever the bytes are. Accepts Confluent-framed Avro, plain Avro and JSON. */
  decodeRating(value: Uint8Array): Rating;
  /** Same checks for an already parsed JSON value (HTTP, JSON lines, CSV rows). */
  toRating(value: unknown): Rating;
  /** The user id that a record key means; throws RejectedRecordError when it is empty, too long or not UTF-8. */
  decodeUserKey(key: Uint8Array): string;
  /** The Confluent schema id the bytes carry, for dead letters; null when they carry none. */
  schemaIdOf(value: Uint8Array): number | null;
}

export interface RequestDecoder {
  /** Throws RejectedRecordError, and nothing else. Takes the same three forms as a rating. */
  decodeRequest(value: Uint8Array): PredictionRequest;
}

export interface EventCodec {
  /** The record key of a user: what `decodeUserKey` reads. */
  encodeUserKey(userId: string): Uint8Array;
  encodeRating(rating: Rating): Uint8Array;
  encodePrediction(event: PredictionEvent): Uint8Array;
  decodePrediction(bytes: Uint8Array): PredictionEvent;
  encodeDeadLetter(letter: DeadLetter): Uint8Array;
  decodeDeadLetter(bytes: Uint8Array): DeadLetter;
  encodeForgetReceipt(receipt: ForgetReceipt): Uint8Array;
  decodeForgetReceipt(bytes: Uint8Array): ForgetReceipt;
  encodeAnswer(answer: PredictionAnswer): Uint8Array;
  decodeAnswer(bytes: Uint8Array): PredictionAnswer;
  encodeRecommendations(recommendations: Recommendations): Uint8Array;
  decodeRecommendations(bytes: Uint8Array): Recommendations;
}

export interface StateCodec {
  encodeUserRow(row: RowImage): Uint8Array;
  decodeUserRow(bytes: Uint8Array): RowImage;
  /** The slots of a block in order; null for an empty one. */
  encodeHistoryBlock(entries: readonly (HistoryEntry | null)[]): Uint8Array;
  decodeHistoryBlock(bytes: Uint8Array): (HistoryEntry | null)[];
  encodeItemContribution(row: RowImage): Uint8Array;
  decodeItemContribution(bytes: Uint8Array): RowImage;
}

export interface Codec extends RatingDecoder, RequestDecoder, EventCodec, StateCodec {}
