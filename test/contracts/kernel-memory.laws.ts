import { expect, it } from 'vitest';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { maxBlockCells } from '../../src/kernel/row-memory.ts';

export function memoryLaws(kernel: Kernel): void {
  const { memory } = kernel;

  it('gives blocks of zeros that do not overlap, none at address 0, all views showing the same cells', () => {
    const blocks = Array.from({ length: 200 }, (_, i) => memory.allocate(1 + ((i * 37) % 300)));
    blocks.forEach((block, i) => {
      expect(block.address).toBeGreaterThan(0);
      expect(block.words.every((word) => word === 0)).toBe(true);
      block.words.fill(i + 1);
    });
    blocks.forEach((block, i) => expect(block.words.every((word) => word === i + 1)).toBe(true));
    const [block] = blocks;
    block!.words.fill(0);
    block!.floats[0] = 1;
    expect(block!.words[0]).toBe(0x3f800000);
    expect(block!.shorts[1]).toBe(0x3f80);
    for (const each of blocks) memory.release(each);
  });

  it('gives released cells out again, as zeros', () => {
    const first = memory.allocate(1000);
    first.words.fill(7);
    memory.release(first);
    expect(memory.allocate(1000).words.every((word) => word === 0)).toBe(true);
  });

  it('moves nothing when it grows', () => {
    const early = memory.allocate(16);
    early.floats.fill(3);
    // 64 MiB, more than a memory begins with.
    const many = Array.from({ length: 256 }, () => memory.allocate(maxBlockCells));
    const late = memory.allocate(16);
    kernel.copy(late.address, early.address, 16);
    expect(kernel.dot(early.address, late.address, 16)).toBe(144);
    early.floats[0] = 5;
    expect(kernel.dot(early.address, late.address, 16)).toBe(150);
    for (const block of [...many, early, late]) memory.release(block);
  });
}
