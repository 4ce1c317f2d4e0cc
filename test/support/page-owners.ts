/**
 * Looks through a file of LMDB (data version 2, pages of 4096 bytes) as its last transaction left it: every page is to be used once (by
 * a tree, by a value that takes several, or as free), and none is to be younger than that transaction. Tells what is wrong; throws when
 * it is more than a little.
 */
import { readFileSync } from 'node:fs';

const pageBytes = 4096;
const headBytes = 24;
const databaseBytes = 48;
const none = 0xffffffffffffffffn;
/** So much that is wrong is enough to be told. */
const most = 20;

interface Tree {
  readonly root: bigint;
  readonly name: string;
}

export function misusedPages(path: string): string[] {
  const file = readFileSync(path);
  const u64 = (at: number): number => Number(file.readBigUInt64LE(at));
  // After magic, version, address and size of the map: the free list's tree, the main one, the last page, the transaction.
  const metas = [0, 1].map((page) => page * pageBytes + headBytes + 24);
  const transactionOf = (meta: number): number => u64(meta + 2 * databaseBytes + 8);
  const [first = 0, second = 0] = metas;
  const meta = transactionOf(first) > transactionOf(second) ? first : second;
  const lastPage = u64(meta + 2 * databaseBytes);
  const owners = new Map<number, string>();
  const wrong: string[] = [];
  const tables: Tree[] = [];

  function claim(from: number, count: number, owner: string): void {
    for (let page = from; page < from + count; page++) {
      const other = owners.get(page);
      if (other !== undefined) wrong.push(`page ${page} is used by ${other} and by ${owner}`);
      if (page > lastPage) wrong.push(`page ${page} of ${owner} lies behind the last, ${lastPage}`);
      owners.set(page, owner);
      if (wrong.length >= most) throw new Error(wrong.join('; '));
    }
  }

  function claimHead(page: number, count: number, owner: string): number {
    const at = page * pageBytes;
    claim(page, count, owner);
    if (u64(at) !== page) wrong.push(`page ${page} of ${owner} says that it is ${u64(at)}`);
    if (u64(at + 8) > transactionOf(meta)) wrong.push(`page ${page} of ${owner} is younger than the last transaction`);
    return at;
  }

  function walk(page: number, name: string): void {
    const at = claimHead(page, 1, name);
    const isBranch = (file.readUInt16LE(at + 18) & 1) !== 0;
    const count = file.readUInt16LE(at + 20) / 2;
    for (let n = 0; n < count; n++) {
      const node = at + headBytes + file.readUInt16LE(at + headBytes + 2 * n);
      const size = file.readUInt32LE(node);
      const flags = file.readUInt16LE(node + 4);
      const key = node + 8;
      const data = key + file.readUInt16LE(node + 6);
      if (isBranch) walk(size + flags * 2 ** 32, name);
      else leaf(name, size, flags, key, data);
    }
  }

  function leaf(name: string, size: number, flags: number, key: number, data: number): void {
    const isLarge = (flags & 1) !== 0;
    const count = Math.floor((headBytes - 1 + size) / pageBytes) + 1;
    const value = isLarge ? claimHead(u64(data), count, `a value of ${name}`) + headBytes : data;
    if (name === 'the free list') claimFree(value, `free since ${u64(key)}`);
    const root = (flags & 2) !== 0 ? file.readBigUInt64LE(value + 40) : none;
    if (root !== none) tables.push({ root, name: file.toString('utf8', key, data) });
  }

  /** A number of entries, and these: a page, or the negative length of a run and its first page; 0 is none. */
  function claimFree(at: number, owner: string): void {
    for (let n = 1; n <= u64(at); n++) {
      const entry = Number(file.readBigInt64LE(at + 8 * n));
      if (entry > 0) claim(entry, 1, owner);
      else if (entry < 0) claim(u64(at + 8 * ++n), -entry, owner);
    }
  }

  for (const [n, name] of ['the free list', 'the list of tables'].entries()) {
    const root = file.readBigUInt64LE(meta + n * databaseBytes + 40);
    if (root !== none) walk(Number(root), name);
  }
  for (const { root, name } of tables) walk(Number(root), name);
  return wrong;
}
