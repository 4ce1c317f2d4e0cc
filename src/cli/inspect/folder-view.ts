import type { EmbeddedView } from '../../adapters/embedded/open-embedded.ts';
import type { WholeView } from './view.ts';

export const wholeFolder = (view: EmbeddedView): WholeView => ({
  partitionCount: view.partitionCount,
  async visit(partition, visitor) {
    await view.visit(partition, visitor);
    return {
      ratings: view.end('ratings', partition),
      committedOffset: view.committedOffset(partition),
      predictions: view.end('predictions', partition),
      deadLetters: view.end('dead-letters', partition),
    };
  },
});
