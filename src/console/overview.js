/** Whether the learner learns: errors against the baselines, and how the stream runs. */
import { createChart } from './chart.js';
import { el } from './element.js';
import { count, decimal, duration, none, percent, shortCount, timeOfDay } from './format.js';
import { live, onLive, ratePerSecond } from './live.js';
import { expertName, inOrder } from './names.js';

const dayMs = 86_400_000;
/** How far back the charts go. */
let windowMs = 600_000;

/** What they show. */
function shownPoints() {
  const from = Number(live.points.at(-1)?.[0] ?? 0) - windowMs;
  return live.points.filter((point) => Number(point[0]) >= from);
}

const firstError = 3;
/** Cells of a point. */
const [predictionsAt, waitingAt] = [1, 2];

/** @type {Record<string, { width?: number, dash?: number[] }>} */
const strokes = { blend: { width: 2.5 }, bias: { dash: [7, 4] }, mean: { dash: [2, 4] } };

/** @param {HTMLElement} page */
export function showOverview(page) {
  const tiles = createTiles();
  const errors = createErrors();
  const stream = createStream();
  page.append(
    el(
      'div',
      { class: 'title-row' },
      el('h1', {}, 'Overview'),
      windowChoice(() => update()),
    ),
    tiles.node,
    el('div', { class: 'grid-overview' }, errors.node, stream.node),
  );
  const update = () => {
    tiles.update();
    errors.update();
    stream.update();
  };
  const stop = onLive(update);
  const repaint = () => {
    errors.repaint();
    stream.repaint();
  };
  document.addEventListener('theme-changed', repaint);
  update();
  return () => {
    stop();
    document.removeEventListener('theme-changed', repaint);
    errors.destroy();
    stream.destroy();
  };
}

/** @param {() => void} changed */
function windowChoice(changed) {
  const choices = [2, 10, 60].map((minutes) =>
    el('option', { value: minutes * 60_000, selected: minutes * 60_000 === windowMs }, `Last ${minutes} minutes`),
  );
  const select = el('select', {}, choices);
  select.addEventListener('change', () => {
    windowMs = Number(select.value);
    changed();
  });
  return el('label', {}, el('span', { class: 'unseen' }, 'How far back the charts go'), select);
}

function createTiles() {
  /** @type {Map<string, { value: HTMLElement, note: HTMLElement }>} */
  const cells = new Map();
  /**
   * @param {string} name
   * @param {string} label
   */
  const tile = (name, label) => {
    const value = el('dd', { class: 'tile-value' }, none);
    const note = el('dd', { class: 'tile-note' }, '');
    cells.set(name, { value, note });
    return el('div', { class: `tile tile-${name}` }, el('dt', {}, label), value, note);
  };
  const node = el(
    'dl',
    { class: 'tiles' },
    tile('error', 'Error of the predictions'),
    tile('rate', 'Ratings a second'),
    tile('waiting', 'Waiting ratings'),
    tile('delay', 'From rating to prediction'),
    tile('interval', 'Ratings inside their interval'),
    tile('known', 'Users and items'),
  );
  /**
   * @param {string} name
   * @param {string} value
   * @param {string} note
   */
  const set = (name, value, note) => {
    const cell = cells.get(name);
    if (cell === undefined) return;
    cell.value.textContent = value;
    cell.note.textContent = note;
  };
  return {
    node,
    update() {
      const { state } = live;
      if (state === null) return;
      const errorOf = (/** @type {string} */ name) => state.experts.find(({ expert }) => expert === name)?.rmseWindow;
      const [ours, bias] = [errorOf('blend'), errorOf('bias')];
      set('error', decimal(ours, 3), ours && bias ? against(ours, bias) : 'RMSE over the last 10,000 ratings');
      set('rate', shortCount(ratePerSecond()), `${count(state.ratingsLearned)} learned since the start`);
      set('waiting', shortCount(state.point[waitingAt]), 'not learned yet');
      const { eventTimeLagMs } = state;
      const held = `${state.partitionsHeld} of ${state.partitionCount} partitions here`;
      const about = eventTimeLagMs > dayMs ? 'old ratings are replayed' : held;
      set('delay', state.ratingsLearned === 0 ? none : duration(eventTimeLagMs), about);
      set('interval', percent(state.intervalCoverageRatio), '80 % are meant to be');
      set('known', `${shortCount(state.userRows)} · ${shortCount(state.itemRows)}`, 'in memory');
    },
  };
}

/**
 * @param {number} ours
 * @param {number} bias
 */
function against(ours, bias) {
  const ratio = 1 - ours / bias;
  return `${percent(Math.abs(ratio))} ${ratio >= 0 ? 'below' : 'above'} the baseline of biases`;
}

function createErrors() {
  const host = el('div', {
    class: 'chart',
    role: 'img',
    'aria-label': 'Rolling error over time; the table has its values',
  });
  const at = el('span', { class: 'muted' }, 'now');
  const body = el('tbody');
  const hint = el(
    'p',
    { class: 'chart-hint' },
    'No rating has been predicted yet. Send some: ',
    el('code', {}, 'POST /ratings'),
    ', or ',
    el('code', {}, 'freshet replay'),
    '.',
  );
  const node = el(
    'section',
    { class: 'card', 'aria-labelledby': 'errors-title' },
    el(
      'header',
      { class: 'card-head' },
      el('h2', { id: 'errors-title' }, 'Rolling error'),
      el(
        'p',
        { class: 'muted' },
        'RMSE over the last 10,000 ratings, each predicted before it was learned. Lower is better.',
      ),
    ),
    el('div', { class: 'chart-frame' }, host, hint),
    el(
      'table',
      { class: 'legend' },
      el('caption', { class: 'unseen' }, 'Rolling error of every expert'),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          el('th', { scope: 'col' }, 'Expert'),
          el('th', { scope: 'col', class: 'number' }, 'RMSE ', at),
          el('th', { scope: 'col', class: 'number' }, 'against biases'),
        ),
      ),
      body,
    ),
  );
  /** @type {import('./chart.js').Chart | null} */
  let chart = null;
  /** @type {{ name: string, row: HTMLElement, column: number, value: HTMLElement, against: HTMLElement, swatch: HTMLElement }[]} */
  let rows = [];
  /** @type {number | null} */
  let cursor = null;
  /** @type {import('./live.js').Point[]} */
  let points = [];

  function shownNames() {
    return inOrder(live.names.filter((_, i) => points.some((point) => isNumber(point[firstError + i]))));
  }

  function rebuild() {
    chart?.destroy();
    rows = shownNames().map((name) => {
      const { label, what } = expertName(name);
      const swatch = el('span', { class: `swatch series-${name}`, 'aria-hidden': 'true' });
      const value = el('td', { class: 'number' });
      const against = el('td', { class: 'number muted' });
      const title = el(
        'th',
        { scope: 'row' },
        el('span', { class: 'expert' }, swatch, el('span', {}, label), el('span', { class: 'muted what' }, what)),
      );
      const row = el('tr', { class: name === 'blend' ? 'ours' : '' }, title, value, against);
      return { name, row, column: firstError + live.names.indexOf(name), value, against, swatch };
    });
    body.replaceChildren(...rows.map(({ row }) => row));
    // Baselines below, the published prediction on top.
    const lines = rows.toReversed().map(({ name, swatch }) => ({
      ...{ label: expertName(name).label, colour: getComputedStyle(swatch).color },
      ...strokes[name],
    }));
    chart = rows.length === 0 ? null : createChart(host, lines, { height: 320, digits: 3, onCursor });
  }

  function onCursor(/** @type {number | null} */ index) {
    cursor = index;
    write();
  }

  function write() {
    const point = (cursor === null ? undefined : points[cursor]) ?? points.at(-1);
    at.textContent = cursor === null || point === undefined ? 'now' : timeOfDay(Number(point[0]));
    const bias = point?.[rows.find(({ name }) => name === 'bias')?.column ?? -1];
    for (const { name, column, value, against } of rows) {
      const error = point?.[column];
      value.textContent = decimal(error, 4);
      const isCompared = name !== 'bias' && isNumber(error) && isNumber(bias);
      against.textContent = isCompared ? difference(Number(error) / Number(bias) - 1) : none;
    }
  }

  function draw() {
    points = shownPoints();
    if (rows.map(({ name }) => name).join() !== shownNames().join()) rebuild();
    hint.hidden = rows.length > 0;
    const seconds = points.map((point) => Number(point[0]) / 1000);
    chart?.draw([seconds, ...rows.toReversed().map(({ column }) => points.map((point) => point[column] ?? null))]);
    write();
    const told = rows.map(({ name, column }) => `${expertName(name).label} ${decimal(points.at(-1)?.[column], 3)}`);
    host.setAttribute('aria-label', `Rolling error over time, now: ${told.join(', ')}`);
  }

  return {
    node,
    update: draw,
    repaint() {
      rows = [];
      draw();
    },
    destroy: () => chart?.destroy(),
  };
}

/** @param {number} ratio */
const difference = (ratio) => `${ratio < 0 ? '−' : '+'}${Math.abs(100 * ratio).toFixed(1)} %`;

/** @param {unknown} value */
const isNumber = (value) => typeof value === 'number';

function createStream() {
  const rateHost = el('div', { class: 'chart', role: 'img', 'aria-label': 'Ratings a second over time' });
  const waitingHost = el('div', { class: 'chart', role: 'img', 'aria-label': 'Waiting ratings over time' });
  const rateNow = el('strong', {}, none);
  const waitingNow = el('strong', {}, none);
  const node = el(
    'section',
    { class: 'card', 'aria-labelledby': 'stream-title' },
    el('header', { class: 'card-head' }, el('h2', { id: 'stream-title' }, 'Stream')),
    el(
      'h3',
      { class: 'chart-title' },
      el('span', { class: 'swatch series-blend', 'aria-hidden': 'true' }),
      'Ratings a second ',
      rateNow,
    ),
    rateHost,
    el(
      'h3',
      { class: 'chart-title' },
      el('span', { class: 'swatch series-bias', 'aria-hidden': 'true' }),
      'Waiting ratings ',
      waitingNow,
    ),
    waitingHost,
  );
  /** @type {import('./chart.js').Chart[]} */
  let charts = [];

  function build() {
    charts.forEach((chart) => chart.destroy());
    charts = [rateHost, waitingHost].map((host, i) => {
      const swatch = node.querySelectorAll('.swatch')[i];
      const colour = swatch === undefined ? '' : getComputedStyle(swatch).color;
      const lines = [{ label: '', colour, fill: colour.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.12)') }];
      return createChart(host, lines, { height: 132, digits: 0, fromZero: true });
    });
  }

  function update() {
    if (!node.isConnected) return;
    if (charts.length === 0) build();
    const points = shownPoints();
    const seconds = points.map((point) => Number(point[0]) / 1000);
    const rates = points.map((point, i) => rateBetween(points[i - 1], point));
    charts[0]?.draw([seconds, rates]);
    charts[1]?.draw([seconds, points.map((point) => point[waitingAt] ?? null)]);
    rateNow.textContent = shortCount(ratePerSecond());
    waitingNow.textContent = shortCount(points.at(-1)?.[waitingAt]);
  }

  return {
    node,
    update,
    repaint() {
      build();
      update();
    },
    destroy: () => charts.forEach((chart) => chart.destroy()),
  };
}

/**
 * @param {import('./live.js').Point | undefined} before
 * @param {import('./live.js').Point} point
 */
function rateBetween(before, point) {
  const [a, b] = [before?.[predictionsAt], point[predictionsAt]];
  if (typeof a !== 'number' || typeof b !== 'number' || b < a) return null;
  return ((b - a) * 1000) / (Number(point[0]) - Number(before?.[0]));
}
