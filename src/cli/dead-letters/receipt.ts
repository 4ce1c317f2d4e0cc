/**
 * What a replay leaves in the topic of dead letters, in the transaction that put the record into the ratings: a record
 * without a value whose key says which bytes stand where (docs/schemas.md). It lives as long as the letters do, and the
 * ratings themselves may not.
 */
import type { Offset } from '../../ports/transport.ts';

export interface Receipt {
  /** Of the record's bytes (judge.ts). */
  readonly digest: string;
  /** Where it stands in the ratings topic. */
  readonly partition: number;
  readonly offset: Offset;
}

export const receiptKey = ({ digest, partition, offset }: Receipt): string =>
  `freshet-replayed:${digest}:${partition}:${offset}`;

/** Nothing for a key that is no receipt. */
export function parseReceipt(key: Uint8Array): Receipt[] {
  const text = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
  const [, digest, partition, offset] = /^freshet-replayed:([A-Za-z0-9+/=]+):(\d+):(\d+)$/.exec(text) ?? [];
  return digest === undefined ? [] : [{ digest, partition: Number(partition), offset: Number(offset) }];
}
