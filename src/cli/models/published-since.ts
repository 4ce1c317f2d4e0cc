/** What workers themselves published about their latest ratings, each before it was learned. */
import type { EventCodec } from '../../ports/codec.ts';
import type { Offset } from '../../ports/transport.ts';
import type { Published } from '../agreement/report.ts';
import type { EachPrediction } from './learned-log.ts';

/** Over the ratings at the offsets `from` up to but without `to`, by partition. */
export async function publishedSince(
  eachPrediction: EachPrediction,
  codec: Pick<EventCodec, 'decodePrediction'>,
  from: readonly Offset[],
  to: readonly Offset[],
): Promise<Published> {
  const squares = new Map<string, { sum: number; ratings: number }>();
  let ratings = 0;
  for (const [partition, first] of from.entries()) {
    const last = to[partition] ?? first;
    await eachPrediction(partition, last - first, (value) => {
      const { rating, experts, prediction, sourceOffset } = codec.decodePrediction(value);
      if (rating === null || sourceOffset < first || sourceOffset >= last) return;
      ratings++;
      for (const [name, answer] of Object.entries({ ...experts, blend: prediction })) {
        const sums = squares.get(name) ?? { sum: 0, ratings: 0 };
        squares.set(name, { sum: sums.sum + (answer - rating) ** 2, ratings: sums.ratings + 1 });
      }
    });
  }
  const rmse = [...squares].map(([name, { sum, ratings }]) => [name, Math.sqrt(sum / ratings)] as const);
  return { ratings, experts: Object.fromEntries(rmse) };
}
