/** The page around the views: where it is, how it looks, whether it is connected, whether a token is wanted. */
import { useToken } from './api.js';
import { el } from './element.js';
import { shortCount } from './format.js';
import { showLetters } from './letters.js';
import { live, onLive, reconnect, startLive } from './live.js';
import { showModels } from './models.js';
import { showOverview } from './overview.js';
import { showPredictions } from './predictions.js';
import { showUsers } from './users.js';

/** @type {Record<string, (page: HTMLElement, path: string[]) => () => void>} each returns how to leave it */
const views = {
  overview: showOverview,
  predictions: showPredictions,
  users: showUsers,
  models: showModels,
  'dead-letters': showLetters,
};
/** @type {Record<string, string>} */
const titles = { predictions: 'Predictions', users: 'Users', models: 'Models', 'dead-letters': 'Dead letters' };

const content = elementOf('content');
let leave = () => {};
let isTokenWanted = false;

/** @param {string} id */
function elementOf(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

/** The view's name, and what follows it, decoded. */
function place() {
  const [name = '', ...path] = location.hash.replace(/^#\/?/, '').split('/');
  return { name: name in views ? name : 'overview', path: path.filter((part) => part !== '').map(decoded) };
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** @param {boolean} movesFocus */
function show(movesFocus) {
  const { name, path } = place();
  leave();
  content.replaceChildren();
  document.title = titles[name] === undefined ? 'Freshet' : `${titles[name]} · Freshet`;
  for (const link of document.querySelectorAll('#tabs a')) {
    if (link.getAttribute('data-view') === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (isTokenWanted) leave = askForToken();
  else leave = views[name]?.(content, path) ?? (() => {});
  if (movesFocus) content.focus({ preventScroll: true });
  if (movesFocus) scrollTo({ top: 0 });
}

function askForToken() {
  const input = el('input', { id: 'token', type: 'password', required: true, autocomplete: 'off' });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    useToken(input.value.trim());
    isTokenWanted = false;
    reconnect();
    show(true);
  };
  content.append(
    el(
      'section',
      { class: 'card narrow' },
      el('h1', {}, 'This worker asks for a token'),
      el(
        'p',
        { class: 'muted' },
        'It is the one that was given with --http-token or --http-token-file. It is kept until this tab is closed.',
      ),
      el(
        'form',
        { class: 'ask', on: { submit } },
        el('label', { for: 'token' }, 'Token'),
        el('div', { class: 'ask-row' }, input, el('button', { class: 'primary' }, 'Go on')),
      ),
    ),
  );
  input.focus();
  return () => {};
}

/** Text of the status, and a banner when something is amiss for longer. */
function showConnection() {
  const { connection, state, reason } = live;
  const isReady = state === null || state.readiness.kind === 'ready';
  /** @type {Record<string, string>} */
  const texts = {
    connecting: 'Connecting',
    lost: 'Connection lost',
    full: 'Too many consoles',
    denied: 'Token wanted',
  };
  const text = connection === 'live' ? (isReady ? 'Live' : 'Not ready') : texts[connection];
  const status = elementOf('status');
  const kind = connection === 'live' ? (isReady ? 'live' : 'waiting') : connection;
  if (status.dataset['kind'] !== kind) {
    status.dataset['kind'] = kind;
    elementOf('status-text').textContent = text ?? '';
  }
  const why =
    connection === 'lost'
      ? 'The worker cannot be reached; what you see is as it was. Trying again…'
      : connection === 'full'
        ? `${reason}. Trying again…`
        : connection === 'live' && !isReady
          ? `The worker does not serve yet: ${state?.readiness.reason ?? ''}.`
          : '';
  const banner = elementOf('banner');
  if (banner.textContent !== why) banner.textContent = why;
  banner.hidden = why === '';
  const badge = elementOf('letters-badge');
  const letters = state?.deadLetters ?? 0;
  badge.hidden = letters === 0;
  badge.textContent = shortCount(letters);
}

function followTheme() {
  const choice = /** @type {HTMLSelectElement} */ (elementOf('theme'));
  choice.value = document.documentElement.dataset['theme'] ?? 'auto';
  choice.addEventListener('change', () => {
    if (choice.value === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = choice.value;
    try {
      localStorage.setItem('freshet-theme', choice.value);
    } catch {
      // It is forgotten with the page, then.
    }
    document.dispatchEvent(new CustomEvent('theme-changed'));
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
    document.dispatchEvent(new CustomEvent('theme-changed')),
  );
}

document.addEventListener('token-wanted', () => {
  if (isTokenWanted) return;
  isTokenWanted = true;
  show(false);
});
document.addEventListener('reload-view', (event) => {
  setTimeout(() => show(false), /** @type {CustomEvent} */ (event).detail.afterMs);
});
addEventListener('hashchange', () => show(true));
followTheme();
onLive(showConnection);
startLive();
show(false);
