/** Records that were refused, why, and another try. */
import { call } from './api.js';
import { say, sayFailure } from './dialog.js';
import { button, el, empty, failure } from './element.js';
import { bytes, count, dateTime } from './format.js';
import { live, onLive } from './live.js';

/**
 * @typedef {{ bytes: number, encoding: 'utf-8' | 'base64', text: string } | null} Shown
 * @typedef {{
 *   partition: number, offset: number, refusedAtMs: number, code: string, reason: string, schemaId: number | null,
 *   source: { topic: string, partition: number, offset: number }, isRetried: boolean, key: Shown, value: Shown
 * }} Letter
 */

const lettersCount = 50;

/** @param {HTMLElement} page */
export function showLetters(page) {
  const list = el('div', { 'aria-live': 'polite', 'aria-busy': 'true' });
  const total = el('p', { class: 'lead' });
  page.append(
    el(
      'div',
      { class: 'title-row' },
      el('h1', {}, 'Dead letters'),
      button('Look again', () => look()),
    ),
    total,
    list,
  );

  async function look() {
    try {
      const { total: all, letters } = await call('GET', `dead-letters?count=${lettersCount}`);
      const shown = letters.length;
      total.textContent =
        shown === 0
          ? 'Records that cannot be used come here untouched, with the reason.'
          : `${all === null ? `The latest ${count(shown)}` : shown < all ? `The latest ${count(shown)} of ${count(all)}` : count(all)} records that could not be used, newest first. The log still has their bytes.`;
      list.replaceChildren(shown === 0 ? nothing() : el('ol', { class: 'letters' }, letters.map(row)));
    } catch (error) {
      list.replaceChildren(failure(error, look));
    }
    list.setAttribute('aria-busy', 'false');
  }

  /** @param {Letter} letter */
  function row(letter) {
    const { partition, offset, source, code, reason, refusedAtMs } = letter;
    const where = `${source.topic}[${source.partition}]@${source.offset}`;
    const retry = button('Retry', () => tryAgain(letter, retry), { 'aria-label': `Retry the record of ${where}` });
    return el(
      'li',
      { class: 'card letter', 'data-place': `${partition}:${offset}` },
      el(
        'div',
        { class: 'title-row' },
        el(
          'div',
          {},
          el('h2', { class: 'letter-code' }, code),
          el(
            'p',
            { class: 'muted' },
            el('time', {}, dateTime(refusedAtMs)),
            ' · ',
            el('code', {}, where),
            letter.schemaId === null ? '' : ` · schema ${letter.schemaId}`,
          ),
        ),
        letter.isRetried ? el('span', { class: 'pill' }, 'retried') : retry,
      ),
      el('p', { class: 'reason' }, reason),
      valueOf(letter),
    );
  }

  /**
   * @param {Letter} letter
   * @param {HTMLButtonElement} retry
   */
  async function tryAgain({ partition, offset }, retry) {
    retry.disabled = true;
    try {
      const at = await call('POST', `dead-letters/${partition}/${offset}/retry`);
      say(`Put into the ratings again, at ${at.partition}:${at.offset}.`);
      await look();
    } catch (error) {
      sayFailure(error);
      retry.disabled = false;
      retry.focus();
    }
  }

  let known = live.state?.deadLetters;
  const stop = onLive(() => {
    const now = live.state?.deadLetters;
    if (known !== undefined && now !== undefined && now > known) void look();
    known = now ?? known;
  });
  void look();
  return stop;
}

const nothing = () =>
  empty(
    'Nothing was refused',
    'Should a producer send what is no rating, it is kept here with its bytes and the reason. Mend the producer or the mapping, then retry.',
  );

/** @param {Letter} letter */
function valueOf({ value }) {
  if (value === null) return null;
  const { text, encoding, bytes: size } = value;
  const what = encoding === 'base64' ? `${bytes(size)}, in base64` : bytes(size);
  return el(
    'figure',
    {},
    el('figcaption', { class: 'muted' }, `The record, ${what}`),
    el('pre', { tabindex: '0' }, el('code', { dir: 'auto' }, text)),
  );
}
