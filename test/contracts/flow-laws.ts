/**
 * The laws of the flow (docs/architecture.md, "One checkpoint") over random schedules. Purity is checked inside the
 * simulation, whenever somebody asks.
 */
import { expect } from 'vitest';
import type { EmbeddedStore } from '../../src/adapters/embedded/embedded-store.ts';
import { ItemTable } from '../../src/model/item-table.ts';
import { RejectedRecordError } from '../../src/errors.ts';
import type { InputRecord, Offset } from '../../src/ports/transport.ts';
import { ContributionImages } from '../../src/stream/contribution-image.ts';
import { parseItemsKey } from '../../src/stream/keys.ts';
import { countsOf, memoryOf, storedBy } from '../support/flow-state.ts';
import { flowCodec, smallSettings } from '../support/flow-worker.ts';
import { recommendationsAreRight } from './flow-recommendations.ts';
import { wholeRow } from '../support/whole-row.ts';
import { inMemory, type OpenDisk } from './flow-disk.ts';
import type { Schedule } from './flow-schedule.ts';
import { createPlainKernel } from '../../src/kernel/plain.ts';
import { simulate, type Mutation, type Simulation } from './flow-simulation.ts';

/** Throws when a law does not hold for the schedule. */
export async function obeysTheLaws(schedule: Schedule, openDisk: OpenDisk, mutation: Mutation = {}): Promise<void> {
  const disk = await openDisk(schedule.partitionCount);
  try {
    const simulation = await simulate(schedule, disk, mutation);
    for (const step of schedule.steps) {
      await simulation.run(step);
      if (step.kind === 'catch up') await conservation(simulation, schedule);
    }
    await simulation.catchUp();
    await conservation(simulation, schedule);
    await simulation.settle();
    for (let p = 0; p < schedule.partitionCount; p++) {
      onePredictionPerOffset(simulation.store(), p);
      await recommendationsAreRight(simulation.store(), p);
    }
    await simulation.requests.oneAnswerEach(simulation.store());
    await equalsAnUninterruptedRun(simulation, schedule);
    await simulation.stop();
    for (const { failures } of simulation.workers()) expect(failures).toEqual([]);
  } finally {
    await disk.dispose();
  }
}

/** One task: everything bit-equal. Several: what does not depend on how their events interleave. */
async function equalsAnUninterruptedRun(simulation: Simulation, schedule: Schedule): Promise<void> {
  const store = simulation.store();
  const { partitionCount } = schedule;
  const disk = await inMemory(partitionCount);
  const calm = await simulate(
    { ...schedule, workerCount: 1, checkpointEvents: 1_000_000, batchRecordCount: 500, cap: null, steps: [] },
    disk,
  );
  for (let p = 0; p < partitionCount; p++) await disk.store.append(p, store.read('ratings', p, 0, Infinity));
  await calm.catchUp();
  for (let p = 0; p < partitionCount; p++) {
    expect(await countsOf(store, p)).toEqual(await countsOf(disk.store, p));
  }
  if (partitionCount === 1) {
    expect(await storedBy(store, 0)).toEqual(await storedBy(disk.store, 0));
    expect(valuesOf(store.read('predictions', 0, 0, Infinity))).toEqual(
      valuesOf(disk.store.read('predictions', 0, 0, Infinity)),
    );
    const owner = simulation.workers().find(({ worker }) => worker.tasks.has(0))!;
    const expected = learned(memoryOf(calm.workers()[0]!.worker));
    const found = learned(memoryOf(owner.worker));
    if (schedule.cap === null) expect(found).toEqual(expected);
    else expect(expected).toMatchObject(found);
  }
  await calm.stop();
  await disk.dispose();
}

/** Without item rows that hold nothing but their initial value: who looked first decides whether they exist. */
const learned = (memory: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(memory).filter(([name]) => !name.startsWith('item ')));

const valuesOf = (records: readonly InputRecord[]): string[] =>
  records.map(({ value }) => Buffer.from(value ?? []).toString('hex'));

function onePredictionPerOffset(store: EmbeddedStore, partition: number): void {
  const expected = { predictions: [] as Offset[], deadLetters: [] as Offset[], receipts: [] as Offset[] };
  const seen = new Set<string>();
  for (const { offset, value } of store.read('ratings', partition, 0, Infinity)) {
    if (value === null) {
      expected.receipts.push(offset);
      continue;
    }
    try {
      const { eventId } = flowCodec.decodeRating(value);
      if (eventId === null || !seen.has(eventId)) expected.predictions.push(offset);
      if (eventId !== null) seen.add(eventId);
    } catch (error) {
      if (!(error instanceof RejectedRecordError)) throw error;
      expected.deadLetters.push(offset);
    }
  }
  const predictions = store.read('predictions', partition, 0, Infinity);
  const deadLetters = store.read('dead-letters', partition, 0, Infinity);
  const receipts = store.read('receipts', partition, 0, Infinity);
  expect({
    predictions: predictions.map(({ value }) => flowCodec.decodePrediction(value!).sourceOffset),
    deadLetters: deadLetters.map(({ value }) => flowCodec.decodeDeadLetter(value!).offset),
    receipts: receipts.map(({ value }) => flowCodec.decodeForgetReceipt(value!).sourceOffset),
  }).toEqual(expected);
}

/** On every worker an item's row is its initial value and what all tasks have committed to it. */
async function conservation(simulation: Simulation, { partitionCount, cap }: Schedule): Promise<void> {
  const store = simulation.store();
  // The sum is made by a table of its own, to which every task is somebody elsewhere.
  const sums = new ItemTable(smallSettings, createPlainKernel());
  const images = new ContributionImages(sums);
  const ids = new Set<string>();
  for (let p = 0; p < partitionCount; p++) {
    await store.visit(p, {
      item(key, afterImage) {
        const parsed = parseItemsKey(key);
        if (parsed.kind === 'sums' || parsed.kind === 'unknown') return;
        const image = flowCodec.decodeItemContribution(afterImage);
        const cells = parsed.kind === 'numbers' ? images.numbersOf(image) : images.sketchOf(image);
        sums.addForeign(sums.ensure(parsed.itemId), cells, 1);
        ids.add(parsed.itemId);
      },
    });
  }
  for (const { worker } of simulation.workers()) {
    // With one partition, who has it not serves nobody and follows nothing.
    if (partitionCount === 1 && worker.tasks.size === 0) continue;
    for (const id of ids) {
      const at = worker.items.find(id);
      if (at < 0 && cap !== null && worker.items.incomplete) continue;
      expect(at, `the row of ${id}`).toBeGreaterThanOrEqual(0);
      const [found, expected] = [wholeRow(worker.items, at), wholeRow(sums, sums.find(id))];
      found.numbers.forEach((value, i) =>
        expect(Math.abs(value - expected.numbers[i]!), `cell ${i} of ${id}`).toBeLessThanOrEqual(1e-4),
      );
      expect(found.counts, `sketch of ${id}`).toEqual(expected.counts);
    }
  }
}
