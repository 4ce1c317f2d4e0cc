/** The networks: what serves, what is tried, what is being trained; and the three things to do about them. */
import { call, pathOf } from './api.js';
import { confirmed, say, sayFailure } from './dialog.js';
import { button, el, failure } from './element.js';
import { bytes, count, dateTime, decimal, duration, none, percent } from './format.js';
import { live } from './live.js';
import { expertName } from './names.js';

/**
 * @typedef {import('../ports/models.ts').ModelRecord} ModelRecord
 * @typedef {import('../ports/models.ts').VersionNote} VersionNote
 */

const lookEveryMs = 3000;
const eventsShown = 4;

/** @param {HTMLElement} page */
export function showModels(page) {
  const list = el('div', { class: 'models' });
  page.append(
    el('h1', {}, 'Models'),
    el(
      'p',
      { class: 'lead' },
      'Networks are trained beside the stream, tried in the shadow of what serves, and exchanged between two checkpoints.',
    ),
    list,
  );
  let seen = '';
  async function look() {
    try {
      const { models } = await call('GET', 'models');
      const text = JSON.stringify(models);
      if (text === seen) return;
      seen = text;
      const focused = document.activeElement?.getAttribute('data-focus');
      list.replaceChildren(...models.map((/** @type {ModelRecord} */ record) => card(record, look)));
      const again = [...list.querySelectorAll('[data-focus]')].find(
        (one) => one.getAttribute('data-focus') === focused,
      );
      if (focused && again instanceof HTMLElement) again.focus();
    } catch (error) {
      seen = '';
      list.replaceChildren(failure(error, look));
    }
  }
  void look();
  const looking = setInterval(() => {
    if (!document.hidden) void look();
  }, lookEveryMs);
  return () => clearInterval(looking);
}

/**
 * @param {ModelRecord} record
 * @param {() => Promise<void>} look
 */
function card(record, look) {
  const { kind, serving, shadow, training, request } = record;
  const { label } = expertName(kind);
  const base = `models/${pathOf(kind)}`;

  /**
   * @param {string} path
   * @param {string} done
   */
  const act = async (path, done) => {
    try {
      await call('POST', `${base}/${path}`);
      say(done);
    } catch (error) {
      sayFailure(error);
    }
    await look();
  };
  const rollBack = async () => {
    const text =
      record.former === null ? 'No network of this kind will serve then.' : `${record.former} will serve again.`;
    if (await confirmed({ title: `Roll the ${label} network back?`, text, confirm: 'Roll back' }))
      await act('roll-back', `The ${label} network is rolled back.`);
  };
  const promote = async (/** @type {string} */ version) => {
    const text = `${version} will serve at once, whatever the rule of promotion thinks of it.`;
    if (await confirmed({ title: `Promote this version of the ${label} network?`, text, confirm: 'Promote' }))
      await act(`promote?version=${encodeURIComponent(version)}`, `${version} serves.`);
  };
  const isBusy = training !== null || request !== null;
  return el(
    'section',
    { class: 'card model', 'aria-labelledby': `model-${kind}` },
    el(
      'header',
      { class: 'title-row' },
      el('div', {}, el('h2', { id: `model-${kind}` }, label), state(record)),
      el(
        'div',
        { class: 'actions' },
        button('Train', () => act('train', `A training of the ${label} network was asked for.`), {
          ...{ disabled: isBusy, 'aria-label': `Train the ${label} network`, 'data-focus': `${kind}/train` },
        }),
        button('Roll back', rollBack, {
          ...{
            disabled: serving === null,
            'aria-label': `Roll the ${label} network back`,
            'data-focus': `${kind}/back`,
          },
        }),
      ),
    ),
    progress(record),
    record.versions.length === 0 ? null : versions(record, shadow?.version, promote),
    events(record),
  );
}

/** @param {ModelRecord} record */
function state({ kind, serving, shadow, versions: notes, training, request }) {
  const seen = live.state?.networks.find((one) => one.kind === kind && one.role === 'serving');
  const age = seen?.ageMs === undefined || seen.ageMs === null ? '' : `, trained ${duration(seen.ageMs)} ago`;
  return el(
    'p',
    { class: 'model-state' },
    serving === null ? el('span', { class: 'pill' }, 'does not serve') : el('span', { class: 'pill good' }, 'serves'),
    serving === null ? null : el('span', { class: 'muted' }, el('code', {}, serving), age),
    notes.length > 0 || training !== null || request !== null
      ? null
      : el('span', { class: 'muted' }, 'There is no version yet: train one.'),
    shadow === null
      ? null
      : el('span', { class: 'muted' }, `${shadow.as} in the shadow: `, el('code', {}, shadow.version)),
  );
}

/** @param {ModelRecord} record */
function progress({ training, request }) {
  if (training === null)
    return request === null
      ? null
      : el('p', { class: 'note' }, `A training was asked for: ${request.reason}. It begins soon.`);
  const { stage, epoch, epochs, loss, heldOutRmse, leftSeconds } = training.progress;
  const doing = {
    reading: 'reading the ratings',
    training: `epoch ${epoch}${epochs > 0 ? ` of at most ${epochs}` : ''}`,
    judging: 'judging it',
  }[stage];
  const figures = [
    loss === null ? '' : `loss ${decimal(loss, 4)}`,
    heldOutRmse === null ? '' : `held-out RMSE ${decimal(heldOutRmse, 4)}`,
    leftSeconds === null ? '' : `${duration(1000 * leftSeconds)} left at most`,
  ].filter((text) => text !== '');
  return el(
    'div',
    { class: 'training' },
    el('p', {}, el('strong', {}, 'Training: '), [doing, ...figures].join(' · ')),
    el('progress', {
      ...{ max: Math.max(1, epochs), 'aria-label': 'Epochs' },
      ...(stage === 'training' && epochs > 0 ? { value: epoch } : {}),
    }),
  );
}

/**
 * @param {ModelRecord} record
 * @param {string | undefined} shadow
 * @param {(version: string) => unknown} promote
 */
function versions({ kind, serving, versions: notes }, shadow, promote) {
  const heads = ['Version', 'Held-out RMSE', 'Against', 'Ratings', 'Took', 'Size', ''];
  return el(
    'div',
    {
      class: 'scroll',
      tabindex: '0',
      role: 'group',
      'aria-label': `Versions of the ${expertName(kind).label} network`,
    },
    el(
      'table',
      { class: 'plain versions' },
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          heads.map((text, i) =>
            el(
              'th',
              { scope: 'col', class: i > 0 && i < 6 ? 'number' : '' },
              text === '' ? el('span', { class: 'unseen' }, 'What to do') : text,
            ),
          ),
        ),
      ),
      el(
        'tbody',
        {},
        notes.toReversed().map((note) => el('tr', {}, versionCells(note), el('td', { class: 'number' }, place(note)))),
      ),
    ),
  );

  /** @param {VersionNote} note */
  function place({ version }) {
    if (version === serving) return el('span', { class: 'pill good' }, 'serves');
    return el(
      'span',
      { class: 'actions' },
      version === shadow ? el('span', { class: 'pill' }, 'shadow') : null,
      button('Promote', () => promote(version), {
        class: 'quiet',
        'aria-label': `Promote ${version}`,
        'data-focus': `${kind}/${version}`,
      }),
    );
  }
}

/** @param {VersionNote} note */
function versionCells({ version, trainedAtMs, ratings, epochs, trainSeconds, sizeBytes, heldOut }) {
  const { rmse, againstRmse, against } = heldOut;
  const better = againstRmse > 0 ? 1 - rmse / againstRmse : null;
  const change =
    better === null
      ? none
      : `${percent(Math.abs(better))} ${better >= 0 ? 'below' : 'above'} ${against === null ? 'biases' : 'what served'}`;
  return [
    el('th', { scope: 'row' }, el('code', {}, version), el('span', { class: 'muted block' }, dateTime(trainedAtMs))),
    el('td', { class: 'number' }, decimal(rmse, 4)),
    el('td', { class: `number ${better !== null && better >= 0 ? 'good-text' : 'bad-text'}` }, change),
    el('td', { class: 'number' }, count(ratings)),
    el('td', { class: 'number' }, `${duration(1000 * trainSeconds)}, ${epochs} ep.`),
    el('td', { class: 'number' }, bytes(sizeBytes)),
  ];
}

/** @param {ModelRecord} record */
function events({ events: all }) {
  if (all.length === 0) return null;
  return el(
    'details',
    { class: 'events' },
    el('summary', {}, 'What became of them'),
    el(
      'ol',
      {},
      all
        .toReversed()
        .slice(0, eventsShown)
        .map(({ atMs, outcome, version, reason }) =>
          el(
            'li',
            {},
            el('time', { class: 'muted' }, dateTime(atMs)),
            ' ',
            el('strong', {}, outcome),
            ' ',
            version === null ? null : el('code', {}, version),
            ` ${reason}`,
          ),
        ),
    ),
  );
}
