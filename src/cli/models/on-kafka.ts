/** Reads and changes the records of a group. Whoever trains and serves there follows them. */
import { openKafkaModelTable } from '../../adapters/kafka/model-table.ts';
import { createModelStore } from '../../adapters/models/model-store.ts';
import { systemClock } from '../../adapters/system/clock.ts';
import { createModelControl } from '../../stream/model-control.ts';
import type { CommandIo } from '../command.ts';
import { withKafka } from '../kafka-client.ts';
import { carryOut } from './carry-out.ts';
import type { ModelAnswer, ModelOrder, ModelsValues } from './order.ts';

export const askOnKafka = (order: ModelOrder, values: ModelsValues, io: CommandIo): Promise<ModelAnswer> =>
  withKafka(values, io, ['models'], async (client) => {
    const table = openKafkaModelTable({ ...client, topic: client.topics.models });
    try {
      return await carryOut(order, createModelControl(createModelStore(table), systemClock));
    } finally {
      await table.close();
    }
  });
