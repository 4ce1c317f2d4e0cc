/** The laws of src/ports/transport.ts, for every implementation: `describeTransportContract(name, makeHarness)`. */
import { afterEach, beforeEach, describe } from 'vitest';
import { appendLaws } from './transport-append.laws.ts';
import { deliveryLaws } from './transport-delivery.laws.ts';
import type { Can, ContractOptions, Open, TransportHarness } from './transport-harness.ts';
import { itemFeedLaws } from './transport-item-feed.laws.ts';
import { leaseLaws } from './transport-lease.laws.ts';
import { modelLaw } from './transport-model.laws.ts';

export function describeTransportContract(
  name: string,
  makeHarness: () => Promise<TransportHarness>,
  options: ContractOptions = {},
): void {
  const can: Can = (what) => options.cannot?.includes(what) !== true;
  describe(`transport contract: ${name}`, () => {
    let harness: TransportHarness;
    beforeEach(async () => {
      harness = await makeHarness();
    });
    afterEach(() => harness.dispose());
    const open: Open = (options) => harness.open(options);
    describe('ratings log', () => appendLaws(open, can));
    describe('lease', () => leaseLaws(open, can));
    describe('delivery', () => deliveryLaws(open, can));
    describe('item feed', () => itemFeedLaws(open, can));
    describe('all of it', () => modelLaw(open, can, options));
  });
}
