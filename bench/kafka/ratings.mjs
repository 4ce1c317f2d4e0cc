/** MovieLens ratings as Avro records of a ratings topic. */
import { createCodec } from '../../dist/adapters/avro/codec.js';
import { readRatings } from '../../dist/adapters/files/read-ratings.js';

export async function encodedRatings(file, scale = { lo: 1, hi: 5 }) {
  const { table } = await readRatings(file, { scale });
  const codec = createCodec({ scale, nowMs: () => Date.now() });
  return Array.from(table.ratings, (rating, i) => {
    const userId = table.users[table.userIndex[i]];
    const itemId = table.items[table.itemIndex[i]];
    const ratedAtMs = Number(table.ratedAtMs[i]);
    const key = Buffer.from(codec.encodeUserKey(userId));
    const value = Buffer.from(codec.encodeRating({ userId, itemId, rating, ratedAtMs, eventId: null, weight: 1 }));
    return { key, value };
  });
}
