/** Which ratings of a group's topics were predicted, by their place: both lists are the same when each was, once. */
import { createCodec } from '../../src/adapters/avro/codec.ts';
import { readCommitted } from '../support/kafka/read-committed.ts';
import { until } from '../support/kafka/until.ts';

export interface Places {
  readonly ratings: readonly string[];
  readonly predicted: readonly string[];
}

/** Once there are as many predictions as ratings, or more. Nobody may send ratings any longer. */
export function placesWhenPredicted(brokers: readonly string[]): Promise<Places> {
  const codec = createCodec({ scale: { lo: 0.5, hi: 5 }, nowMs: () => Date.now() });
  return until(
    'every rating is predicted',
    async () => {
      const ratings = await readCommitted(brokers, 'ratings');
      const predictions = await readCommitted(brokers, 'predictions');
      if (predictions.length < ratings.length) return false;
      const predicted = predictions.map(({ value }) => codec.decodePrediction(value!));
      return {
        ratings: ratings.map(({ partition, offset }) => `${partition}@${offset}`).sort(),
        predicted: predicted.map((one) => `${one.sourcePartition}@${one.sourceOffset}`).sort(),
      };
    },
    90_000,
    500,
  );
}
