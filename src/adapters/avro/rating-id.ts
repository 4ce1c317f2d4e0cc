/** Ids of users, items and events. */
import { RejectedRecordError } from '../../errors.ts';
import { showValue } from './show-value.ts';

const maxIdBytes = 256;
/** No UTF-16 unit takes more than this many bytes of UTF-8. */
const maxBytesPerUnit = 3;
const loneSurrogate = /\p{Surrogate}/u;

/** The id as text: 1..256 bytes of well-formed UTF-8, never trimmed. Whole numbers become their decimal digits. */
export function checkId(value: unknown, name: string): string {
  if (typeof value === 'string') return checkText(value, name);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return String(value);
    throw new RejectedRecordError(
      'FRESHET_ID_INVALID',
      `${name} is the number ${showValue(value)}: a numeric id is a whole number below 2^53; send this id as a string`,
    );
  }
  throw new RejectedRecordError(
    'FRESHET_WRONG_TYPE',
    `${name} is ${showValue(value)}: an id is a string or a whole number; fix the producer, or map ${name} to the field that holds the id`,
  );
}

function checkText(text: string, name: string): string {
  if (text.length === 0)
    throw new RejectedRecordError('FRESHET_ID_INVALID', `${name} is empty: nothing can be learned for it; send an id`);
  if (text.length * maxBytesPerUnit > maxIdBytes) {
    const bytes = Buffer.byteLength(text);
    if (bytes > maxIdBytes)
      throw new RejectedRecordError(
        'FRESHET_ID_INVALID',
        `${name} ${showValue(text)} has ${bytes} bytes, more than ${maxIdBytes}; send a shorter id, for example a hash of it`,
      );
  }
  if (loneSurrogate.test(text))
    throw new RejectedRecordError(
      'FRESHET_ID_INVALID',
      `${name} ${showValue(text)} is not well-formed UTF-8, so it could not be written back; fix the producer's encoding`,
    );
  return text;
}
