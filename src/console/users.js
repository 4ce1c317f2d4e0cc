/** One user: what is remembered, what is predicted and why, what is recommended; and forgetting. */
import { call, pathOf } from './api.js';
import { confirmed, say, sayFailure } from './dialog.js';
import { button, el, empty, failure, idText } from './element.js';
import { explanationOf } from './explanation.js';
import { count, dateTime, decimal } from './format.js';
import { live } from './live.js';

/**
 * @typedef {import('../ports/serving.ts').UserView} UserView
 * @typedef {import('../ports/serving.ts').Recommendation} Recommendation
 */

const recommendationsCount = 10;

/**
 * @param {HTMLElement} page
 * @param {string[]} path the user's id, and an item's
 */
export function showUsers(page, [userId, itemId]) {
  const input = el('input', {
    ...{ id: 'user', name: 'user', required: true, maxlength: 256, autocomplete: 'off', spellcheck: 'false' },
    value: userId ?? '',
  });
  page.append(
    el('h1', {}, 'Users'),
    form('user-form', 'User id', input, 'Look up', (id) => (location.hash = `#/users/${pathOf(id)}`)),
  );
  const content = el('div', { 'aria-live': 'polite' });
  page.append(content);
  if (userId === undefined) {
    content.append(
      empty('Look up a user', 'See what is remembered of somebody, what Freshet would predict and recommend, and why.'),
      suggestions(),
    );
    return () => undefined;
  }
  load(content, userId, itemId).catch((/** @type {unknown} */ error) =>
    content.replaceChildren(failure(error, () => load(content, userId, itemId).catch(sayFailure))),
  );
  return () => undefined;
}

/** Users of the latest predictions, for whoever has no id at hand. */
function suggestions() {
  const ids = [...new Set(live.samples.map((sample) => sample.userId))].slice(0, 8);
  if (ids.length === 0) return '';
  return el(
    'p',
    { class: 'suggestions' },
    el('span', { class: 'muted' }, 'Rated just now: '),
    ids.map((id) => el('a', { class: 'chip', href: `#/users/${pathOf(id)}` }, idText(id))),
  );
}

/**
 * @param {string} id
 * @param {string} label
 * @param {HTMLInputElement} input
 * @param {string} action
 * @param {(value: string) => void} submit
 */
function form(id, label, input, action, submit) {
  return el(
    'form',
    {
      ...{ id, class: 'ask' },
      on: {
        submit: (/** @type {Event} */ event) => {
          event.preventDefault();
          submit(input.value);
        },
      },
    },
    el('label', { for: input.id }, label),
    el('div', { class: 'ask-row' }, input, el('button', { class: 'primary' }, action)),
  );
}

/**
 * @param {HTMLElement} content
 * @param {string} userId
 * @param {string | undefined} itemId
 */
async function load(content, userId, itemId) {
  const user = pathOf(userId);
  const [view, best] = await Promise.all([
    /** @type {Promise<UserView>} */ (call('GET', `users/${user}`)),
    /** @type {Promise<{ recommendations: Recommendation[] }>} */ (
      call('GET', `users/${user}/recommendations?count=${recommendationsCount}`)
    ),
  ]);
  const answer = el('div', { id: 'answer', 'aria-live': 'polite' });
  const item = el('input', {
    ...{ id: 'item', name: 'item', required: true, maxlength: 256, autocomplete: 'off', spellcheck: 'false' },
    value: itemId ?? '',
  });
  const ask = (/** @type {string} */ id) => explain(answer, userId, id);
  content.replaceChildren(
    head(view),
    el(
      'div',
      { class: 'grid-user' },
      el(
        'div',
        {},
        el(
          'section',
          { class: 'card', 'aria-labelledby': 'ask-title' },
          el('h2', { id: 'ask-title' }, 'Predict for an item'),
          form('item-form', 'Item id', item, 'Predict', ask),
          answer,
        ),
        el(
          'section',
          { class: 'card', 'aria-labelledby': 'best-title' },
          el('h2', { id: 'best-title' }, 'Recommended'),
          recommended(best.recommendations, (id) => {
            item.value = id;
            ask(id);
            item.scrollIntoView({ block: 'center' });
          }),
        ),
      ),
      el(
        'section',
        { class: 'card', 'aria-labelledby': 'history-title' },
        el('h2', { id: 'history-title' }, 'Remembered ratings'),
        history(view),
      ),
    ),
  );
  if (itemId !== undefined) ask(itemId);
}

/** @param {UserView} view */
function head(view) {
  const { userId, isKnown, ratingsLearned, level } = view;
  const habit =
    Math.abs(level) < 0.05
      ? 'rates as others do'
      : `rates ${decimal(Math.abs(level))} ${level > 0 ? 'above' : 'below'} the others lately`;
  const about = isKnown
    ? `${count(ratingsLearned)} ratings learned · ${habit}`
    : 'Nothing is known of this user. Predictions rest on everybody else.';
  return el(
    'div',
    { class: 'title-row user-head' },
    el('div', {}, el('h2', { class: 'user-id' }, idText(userId)), el('p', { class: 'muted' }, about)),
    isKnown ? button('Forget…', () => forget(userId), { class: 'danger-quiet' }) : null,
  );
}

/** @param {string} userId */
async function forget(userId) {
  const text = el(
    'span',
    {},
    'Everything learned from ',
    idText(userId),
    ' goes: ratings, biases, factors. It cannot be brought back.',
  );
  if (!(await confirmed({ title: 'Forget this user?', text, confirm: 'Forget', isDanger: true }))) return;
  try {
    const { partition, offset } = await call('DELETE', `users/${pathOf(userId)}`);
    say(`Forgotten soon: the request stands in the log at ${partition}:${offset}.`);
    document.dispatchEvent(new CustomEvent('reload-view', { detail: { afterMs: 1000 } }));
  } catch (error) {
    sayFailure(error);
  }
}

/**
 * @param {HTMLElement} answer
 * @param {string} userId
 * @param {string} itemId
 */
async function explain(answer, userId, itemId) {
  try {
    const explanation = await call('GET', `users/${pathOf(userId)}/explanations/${pathOf(itemId)}`);
    answer.replaceChildren(
      el('h3', { class: 'answer-title' }, 'For ', idText(itemId)),
      explanationOf(explanation, live.state?.scale ?? { lo: 1, hi: 5 }),
    );
  } catch (error) {
    answer.replaceChildren(failure(error));
  }
}

/**
 * @param {Recommendation[]} items
 * @param {(itemId: string) => void} why
 */
function recommended(items, why) {
  if (items.length === 0) return empty('Nothing to recommend yet', 'Somebody has to rate something first.');
  return el(
    'ol',
    { class: 'best' },
    items.map(({ itemId, prediction }) =>
      el(
        'li',
        {},
        idText(itemId),
        el('span', { class: 'number' }, decimal(prediction)),
        button('Why', () => why(itemId), { class: 'quiet', 'aria-label': `Why ${itemId}` }),
      ),
    ),
  );
}

/** @param {UserView} view */
function history({ history: ratings }) {
  if (ratings.length === 0)
    return empty('No ratings are remembered', 'Ratings of this user will be listed here, latest first.');
  const table = el(
    'table',
    { class: 'plain' },
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        el('th', { scope: 'col' }, 'Item'),
        el('th', { scope: 'col', class: 'number' }, 'Rating'),
        el('th', { scope: 'col' }, 'When'),
      ),
    ),
    el(
      'tbody',
      {},
      ratings.map(({ itemId, rating, ratedAtMs }) =>
        el(
          'tr',
          {},
          el('td', {}, idText(itemId)),
          el('td', { class: 'number' }, rating),
          el('td', { class: 'muted when' }, dateTime(ratedAtMs)),
        ),
      ),
    ),
  );
  // As many as a hundred: they scroll in their place, by keyboard, too.
  return el('div', { class: 'scrolls', role: 'region', 'aria-labelledby': 'history-title', tabindex: '0' }, table);
}
