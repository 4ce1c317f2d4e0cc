import { CorruptStateError } from '../errors.ts';
import { rowLayout } from '../model/row-layout.ts';
import type { RowImage } from '../ports/codec.ts';

/** Values of a stored row; throws CorruptStateError for a layout of another version. */
export function rowOf(image: RowImage): Float32Array {
  if (image.layout === rowLayout) return image.values;
  throw new CorruptStateError(
    `A stored row has layout ${image.layout} where this version writes ${rowLayout}. ` +
      'Use the version that wrote it, or rebuild the state from the ratings.',
    { found: image.layout, expected: rowLayout },
  );
}
