import { RejectedRecordError } from '../../errors.ts';

export const idMaxBytes = 256;

/** An id from a path, already percent-decoded by the router. Throws RejectedRecordError when no event could carry it. */
export function checkedId(name: 'userId' | 'itemId', id: string): string {
  const bytes = id.length > idMaxBytes ? id.length : Buffer.byteLength(id);
  if (bytes >= 1 && bytes <= idMaxBytes) return id;
  throw new RejectedRecordError(
    'FRESHET_ID_INVALID',
    `${name} in the path has ${bytes} bytes; ids have 1 to ${idMaxBytes} bytes of UTF-8. Check the path`,
  );
}
