/** Events that Freshet writes: plain Avro of the schemas in schemas/. */
import type { EventCodec } from '../../ports/codec.ts';
import type {
  DeadLetter,
  ForgetReceipt,
  PredictionAnswer,
  PredictionEvent,
  PredictionParts,
  Rating,
  Recommendations,
} from '../../ports/events.ts';
import { asBuffer } from './as-buffer.ts';
import { compileType } from './compile-type.ts';
import { createDecoder } from './decoder.ts';
import { createEncoder } from './encoder.ts';
import { formerSchema, loadSchema } from './schemas.ts';

interface PredictionRecord extends Omit<PredictionEvent, 'ratedAtMs' | 'predictedAtMs' | 'parts'> {
  readonly parts: PredictionParts;
  readonly ratedAt: number;
  readonly predictedAt: number;
}

interface DeadLetterRecord extends Omit<DeadLetter, 'refusedAtMs'> {
  readonly refusedAt: number;
}

interface ForgetReceiptRecord extends Omit<ForgetReceipt, 'forgottenAtMs'> {
  readonly forgottenAt: number;
}

interface AnswerRecord extends Omit<PredictionAnswer, 'answeredAtMs'> {
  readonly answeredAt: number;
}

interface RecommendationsRecord extends Omit<Recommendations, 'recommendedAtMs'> {
  readonly recommendedAt: number;
}

export function createEventCodec(): EventCodec {
  const ratingType = compileType(loadSchema('rating-event'), 'fast');
  const predictionType = compileType(loadSchema('prediction-event'), 'fast');
  const deadLetterType = compileType(loadSchema('dead-letter'), 'fast');
  const writeRating = createEncoder(ratingType);
  const writePrediction = createEncoder(predictionType);
  const readPrediction = createDecoder(
    predictionType,
    ...[1, 2].map((latest) => compileType(formerSchema('prediction-event', latest), 'fast')),
  );
  const writeDeadLetter = createEncoder(deadLetterType);
  const readDeadLetter = createDecoder(deadLetterType);
  const forgetReceiptType = compileType(loadSchema('forget-receipt'), 'fast');
  const writeForgetReceipt = createEncoder(forgetReceiptType);
  const readForgetReceipt = createDecoder(forgetReceiptType);
  const answerType = compileType(loadSchema('prediction-answer'), 'fast');
  const writeAnswer = createEncoder(answerType);
  const readAnswer = createDecoder(answerType);
  const recommendationsType = compileType(loadSchema('recommendations'), 'fast');
  const writeRecommendations = createEncoder(recommendationsType);
  const readRecommendations = createDecoder(recommendationsType);

  return {
    // From the pool of buffers: a key with memory of its own, as TextEncoder gives, costs the garbage collector dearly.
    encodeUserKey: (userId) => Buffer.from(userId),
    encodeRating(rating: Rating) {
      const { userId, itemId, eventId, weight } = rating;
      return withHighFirstByte(
        writeRating({ ratedAt: rating.ratedAtMs, userId, itemId, rating: rating.rating, eventId, weight }),
      );
    },
    encodePrediction(event) {
      return writePrediction({
        userId: event.userId,
        itemId: event.itemId,
        prediction: event.prediction,
        low: event.low,
        high: event.high,
        parts: event.parts,
        experts: event.experts,
        modelVersions: event.modelVersions,
        coldUser: event.coldUser,
        coldItem: event.coldItem,
        eventId: event.eventId,
        rating: event.rating,
        ratedAt: event.ratedAtMs,
        predictedAt: event.predictedAtMs,
        sourcePartition: event.sourcePartition,
        sourceOffset: event.sourceOffset,
        networkWeights: event.networkWeights,
        effort: event.effort,
      } satisfies PredictionRecord);
    },
    decodePrediction(bytes) {
      const record = readPrediction(bytes) as PredictionRecord;
      const { mean, userBias, itemBias, interaction } = record.parts;
      return {
        userId: record.userId,
        itemId: record.itemId,
        prediction: record.prediction,
        low: record.low,
        high: record.high,
        parts: { mean, userBias, itemBias, interaction },
        experts: record.experts,
        modelVersions: record.modelVersions,
        coldUser: record.coldUser,
        coldItem: record.coldItem,
        eventId: record.eventId,
        rating: record.rating,
        ratedAtMs: record.ratedAt,
        predictedAtMs: record.predictedAt,
        sourcePartition: record.sourcePartition,
        sourceOffset: record.sourceOffset,
        networkWeights: record.networkWeights,
        effort: record.effort,
      };
    },
    encodeDeadLetter(letter) {
      const { refusedAtMs, key, value, ...same } = letter;
      return writeDeadLetter({
        ...same,
        key: key && asBuffer(key),
        value: value && asBuffer(value),
        refusedAt: refusedAtMs,
      } satisfies DeadLetterRecord);
    },
    decodeDeadLetter(bytes) {
      const { refusedAt, ...same } = readDeadLetter(bytes) as DeadLetterRecord;
      return { ...same, refusedAtMs: refusedAt };
    },
    encodeForgetReceipt({ forgottenAtMs, ...same }) {
      return writeForgetReceipt({ ...same, forgottenAt: forgottenAtMs } satisfies ForgetReceiptRecord);
    },
    decodeForgetReceipt(bytes) {
      const { forgottenAt, ...same } = readForgetReceipt(bytes) as ForgetReceiptRecord;
      return { ...same, forgottenAtMs: forgottenAt };
    },
    encodeAnswer({ answeredAtMs, ...same }) {
      return writeAnswer({ ...same, answeredAt: answeredAtMs } satisfies AnswerRecord);
    },
    decodeAnswer(bytes) {
      const { answeredAt, items, ...same } = readAnswer(bytes) as AnswerRecord;
      return { ...same, items: items.map((item) => ({ ...item })), answeredAtMs: answeredAt };
    },
    encodeRecommendations({ recommendedAtMs, ...same }) {
      return writeRecommendations({ ...same, recommendedAt: recommendedAtMs } satisfies RecommendationsRecord);
    },
    decodeRecommendations(bytes) {
      const { recommendedAt, items, ...same } = readRecommendations(bytes) as RecommendationsRecord;
      return { ...same, items: items.map((item) => ({ ...item })), recommendedAtMs: recommendedAt };
    },
  };
}

/**
 * The first 64 ms of 1970 fit one byte below 0x80, which would pass for Confluent's 0x00 or for JSON. They are written
 * as a varint of two bytes, which every Avro reader takes.
 */
function withHighFirstByte(encoded: Buffer): Buffer {
  const first = encoded[0] ?? 0;
  return first >= 0x80 ? encoded : Buffer.concat([Buffer.of(first | 0x80, 0), encoded.subarray(1)]);
}
