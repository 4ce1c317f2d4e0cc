/** A sample of the predictions as they are made, each with its reasons. */
import { button, el, empty, idText } from './element.js';
import { partsOf, intervalBar } from './explanation.js';
import { decimal, none, signed, timeOfDay } from './format.js';
import { live, onLive } from './live.js';
import { pathOf } from './api.js';

/** @typedef {import('../ports/events.ts').PredictionEvent} PredictionEvent */

const shownCount = 20;
/** @param {PredictionEvent} event */
const keyOf = ({ sourcePartition, sourceOffset }) => `${sourcePartition}:${sourceOffset}`;

/** @param {HTMLElement} page */
export function showPredictions(page) {
  let isPaused = false;
  /** @type {string | null} */
  let openKey = null;
  /** @type {PredictionEvent[]} */
  let shown = [];
  const list = el('ol', { class: 'predictions', 'aria-label': 'Latest predictions, newest first' });
  const pause = button('Pause', () => setPaused(!isPaused), { 'aria-pressed': 'false' });

  /** @param {boolean} paused */
  function setPaused(paused) {
    isPaused = paused;
    pause.textContent = paused ? 'Go on' : 'Pause';
    pause.setAttribute('aria-pressed', String(paused));
    if (!paused) openKey = null;
    update();
  }

  function update() {
    if (isPaused) return;
    // Rows that stay keep their elements, and the focus in them.
    const next = live.samples.slice(0, shownCount);
    if (next.length > 0 && next[0] === shown[0] && next.length === shown.length) return;
    shown = next;
    render();
  }

  function render() {
    if (shown.length === 0) {
      list.replaceChildren(
        el('li', {}, empty('No predictions yet', 'They appear here as ratings come in, a few of them each second.')),
      );
      return;
    }
    const rows = new Map([...list.children].map((row) => [row.getAttribute('data-key'), row]));
    list.replaceChildren(...shown.map((event) => rows.get(keyOf(event)) ?? rowOf(event)));
  }

  /** @param {PredictionEvent} event */
  function rowOf(event) {
    const scale = live.state?.scale ?? { lo: 1, hi: 5 };
    const key = keyOf(event);
    const details = el('div', { class: 'prediction-details', id: `why-${key}`, hidden: true });
    const why = button(
      'Why',
      () => {
        const isOpen = openKey !== key;
        list.querySelectorAll('.prediction-details').forEach((other) => other.setAttribute('hidden', ''));
        list.querySelectorAll('[aria-expanded]').forEach((other) => other.setAttribute('aria-expanded', 'false'));
        openKey = isOpen ? key : null;
        if (!isOpen) return setPaused(false);
        setPaused(true);
        details.replaceChildren(partsOf(event, scale), coldNote(event));
        details.hidden = false;
        why.setAttribute('aria-expanded', 'true');
        return undefined;
      },
      { class: 'quiet', 'aria-expanded': 'false', 'aria-controls': `why-${key}` },
    );
    const error = event.rating === null ? null : event.prediction - event.rating;
    return el(
      'li',
      { 'data-key': key },
      el(
        'div',
        { class: 'prediction' },
        el(
          'time',
          { class: 'muted', datetime: new Date(event.predictedAtMs).toISOString() },
          timeOfDay(event.predictedAtMs),
        ),
        el(
          'span',
          { class: 'pair' },
          el('a', { href: `#/users/${pathOf(event.userId)}` }, idText(event.userId)),
          el('span', { class: 'muted' }, '→'),
          idText(event.itemId),
        ),
        intervalBar(event, scale, event.rating),
        el('span', { class: 'figure' }, el('span', { class: 'muted' }, 'predicted '), decimal(event.prediction)),
        el(
          'span',
          { class: 'figure' },
          el('span', { class: 'muted' }, 'rated '),
          event.rating === null ? 'withdrawn' : event.rating,
        ),
        el(
          'span',
          { class: 'figure error-figure' },
          el('span', { class: 'muted' }, 'off by '),
          error === null ? none : signed(error),
        ),
        why,
      ),
      details,
    );
  }

  page.append(
    el('div', { class: 'title-row' }, el('h1', {}, 'Predictions'), pause),
    el(
      'p',
      { class: 'lead' },
      'Each was made before its rating was learned. A sample of at most ten a second; ',
      el('code', {}, 'GET /predictions/stream'),
      ' has all of them.',
    ),
    el(
      'p',
      { class: 'key', 'aria-hidden': 'true' },
      el('span', { class: 'key-prediction' }),
      'predicted',
      el('span', { class: 'key-range' }),
      '80 % interval',
      el('span', { class: 'key-rating' }),
      'rated',
    ),
    el('section', { class: 'card flush' }, list),
  );
  render();
  const stop = onLive(update);
  update();
  return stop;
}

/** @param {PredictionEvent} event */
function coldNote({ coldUser, coldItem, sourcePartition, sourceOffset }) {
  const cold = [coldUser && 'The user was new.', coldItem && 'The item was new.'].filter(Boolean).join(' ');
  return el('p', { class: 'muted' }, `${cold} Rating ${sourcePartition}:${sourceOffset} of the log.`.trim());
}
