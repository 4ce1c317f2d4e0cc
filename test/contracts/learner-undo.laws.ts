import { historyBlock } from '../support/history-block.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { operations, pinnedItems, play, stateOf } from './learner-harness.ts';
import type { Make } from './learner.contract.ts';

export function undoLaws(make: Make): void {
  it('puts everything back bit for bit, whatever the batch did', () => {
    fc.assert(
      fc.property(operations(), operations(), (settled, batch) => {
        const learner = make();
        play(learner, settled);
        learner.settle();
        const before = stateOf(learner);
        const users = learner.users.size;
        play(learner, batch, 1_500_000);
        learner.rollBack();
        expect(stateOf(learner)).toEqual(before);
        expect(learner.users.size).toBe(users);
        expect([
          ...learner.users.touchedRows(),
          ...learner.users.touchedBlocks(),
          ...learner.own.touchedRows(),
        ]).toEqual([]);
        expect(learner.sums.touched).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('goes on as if the batch had never been, over many batches', () => {
    const batches = fc.array(fc.record({ list: operations(25), fails: fc.boolean() }), { maxLength: 6, size: 'max' });
    fc.assert(
      fc.property(batches, (plan) => {
        const [tried, never] = [make(), make()];
        plan.forEach(({ list, fails }, i) => {
          const answers = play(tried, list, 1_000_000 + i);
          if (fails) {
            tried.rollBack();
            return;
          }
          expect(answers).toEqual(play(never, list, 1_000_000 + i));
          tried.settle();
          never.settle();
        });
        expect(stateOf(tried)).toEqual(stateOf(never));
        expect(pinnedItems(tried)).toEqual(pinnedItems(never));
      }),
      { numRuns: 200 },
    );
  });

  it('settles anywhere without changing a bit', () => {
    fc.assert(
      fc.property(operations(), fc.infiniteStream(fc.boolean()), (list, settles) => {
        const [often, once] = [make(), make()];
        for (const operation of list) {
          expect(play(often, [operation])).toEqual(play(once, [operation]));
          if (settles.next().value) often.settle();
        }
        once.settle();
        expect(stateOf(often)).toEqual(stateOf(once));
        expect(pinnedItems(often)).toEqual(pinnedItems(once));
      }),
    );
  });

  it('tells exactly what a batch changed: the touched rows and blocks bring a copy to the same state', () => {
    fc.assert(
      fc.property(operations(), operations(), (settled, batch) => {
        const [writer, reader] = [make(), make()];
        for (const list of [settled, batch]) {
          play(writer, list);
          // What a checkpoint stores, read back by another learner.
          for (const id of writer.users.forgottenInBatch()) if (reader.users.find(id) >= 0) dropUser(reader, id);
          for (const row of writer.users.touchedRows()) {
            reader.loadUser(writer.users.idOf(row), Float32Array.from(writer.users.values(row)));
          }
          for (const [row, block] of writer.users.touchedBlocks()) copyBlock(writer, reader, row, block);
          for (const { row, afterImage } of writer.own.touchedRows()) {
            const at = reader.items.ensure(writer.items.idOf(row));
            reader.own.loadNumbers(at, afterImage);
            reader.own.loadSketch(at, afterImage);
          }
          reader.sums.own.set(writer.sums.own);
          reader.state.set(writer.state);
          writer.settle();
          reader.settle();
        }
        expect(stateOf(reader)).toEqual(stateOf(writer));
      }),
    );
  });
}

type Learners = ReturnType<Make>;

function dropUser(learner: Learners, id: string): void {
  learner.users.forget(id, learner.users.find(id));
  learner.users.settle();
}

function copyBlock(from: Learners, to: Learners, row: number, block: number): void {
  const id = from.users.idOf(row);
  const { history } = to.users;
  historyBlock(from, row, block).forEach((slot, i) => {
    const slotNumber = block * 4 + i;
    const target = to.users.find(id);
    if (slot !== null)
      to.loadSlot(id, slotNumber, { ...slot, itemRow: to.items.ensure(from.items.idOf(slot.itemRow)) });
    else if (target >= 0) history.clear(target, to.users.head(target), slotNumber);
  });
}
