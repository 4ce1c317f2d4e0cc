/** An order to whoever has the records at hand. */
import type { ModelControl } from '../../ports/model-control.ts';
import type { ModelAnswer, ModelOrder } from './order.ts';

export async function carryOut(order: ModelOrder, control: ModelControl): Promise<ModelAnswer> {
  switch (order.action) {
    case 'list':
    case 'show':
      return { kind: 'records', records: await control.list() };
    case 'train':
      return control.train(order.kind);
    case 'promote':
      return control.promote(order.kind, order.version);
    case 'roll-back':
      return control.rollBack(order.kind);
  }
}
