/** A prediction and what it is made of. */
import { el, idText } from './element.js';
import { decimal, signed } from './format.js';
import { expertName, inOrder, reasons } from './names.js';

/**
 * @typedef {import('../ports/events.ts').Prediction} Prediction
 * @typedef {import('../ports/serving.ts').Explanation} Explanation
 * @typedef {{ lo: number, hi: number }} Scale
 */

/**
 * The 80 % interval on the scale, the prediction in it, and the rating when it is known.
 * @param {Prediction} prediction
 * @param {Scale} scale
 * @param {number | null} [rating]
 */
export function intervalBar({ prediction, low, high }, scale, rating = null) {
  const at = (/** @type {number} */ value) =>
    `${Math.min(100, Math.max(0, (100 * (value - scale.lo)) / (scale.hi - scale.lo || 1))).toFixed(2)}%`;
  const described = `predicted ${decimal(prediction)}, 80 % interval ${decimal(low)} to ${decimal(high)}`;
  return el(
    'div',
    { class: 'interval', role: 'img', 'aria-label': rating === null ? described : `${described}, rated ${rating}` },
    el('span', { class: 'interval-range', style: { left: at(low), width: `calc(${at(high)} - ${at(low)})` } }),
    rating === null ? null : el('span', { class: 'interval-rating', style: { left: at(rating) } }),
    el('span', { class: 'interval-prediction', style: { left: at(prediction) } }),
  );
}

/**
 * Bars to the left and to the right of a middle line, as long as they move the prediction.
 * @param {string} caption
 * @param {{ label: string | Node, moved: number }[]} moves
 */
function moveTable(caption, moves) {
  const most = Math.max(0.25, ...moves.map(({ moved }) => Math.abs(moved)));
  return el(
    'table',
    { class: 'moves' },
    el('caption', {}, caption),
    el(
      'tbody',
      {},
      moves.map(({ label, moved }) => {
        const half = `${((50 * Math.abs(moved)) / most).toFixed(1)}%`;
        const side = moved < 0 ? 'down' : 'up';
        return el(
          'tr',
          {},
          el('th', { scope: 'row' }, label),
          el(
            'td',
            { class: 'move', 'aria-hidden': 'true' },
            el('span', { class: `move-bar ${side}`, style: { width: half } }),
          ),
          el('td', { class: 'number' }, signed(moved)),
        );
      }),
    ),
  );
}

/**
 * How much of a network's distance from the online answer counts.
 * @param {number | undefined} weight
 */
const weightOf = (weight) =>
  weight === undefined ? null : el('span', { class: 'muted weight' }, ` counts ${decimal(weight)}`);

/**
 * Every expert's answer, and which networks gave theirs.
 * @param {Prediction} prediction
 * @param {Scale} scale
 */
function expertList({ experts, networkWeights, modelVersions }, scale) {
  const names = inOrder(Object.keys(experts));
  return el(
    'div',
    { class: 'experts' },
    el('h4', {}, 'Experts'),
    el(
      'dl',
      {},
      names.map((name) =>
        el(
          'div',
          {},
          el('dt', {}, expertName(name).label, weightOf(networkWeights[name])),
          el(
            'dd',
            {},
            el(
              'span',
              { class: 'expert-track', 'aria-hidden': 'true' },
              el('span', {
                style: { width: `${(100 * ((experts[name] ?? 0) - scale.lo)) / (scale.hi - scale.lo || 1)}%` },
              }),
            ),
            decimal(experts[name]),
          ),
        ),
      ),
    ),
    el('h4', {}, 'Model versions'),
    Object.keys(modelVersions).length === 0
      ? el('p', { class: 'muted' }, 'No network serves: the online experts answer alone.')
      : el(
          'dl',
          { class: 'versions' },
          Object.entries(modelVersions).map(([kind, version]) =>
            el('div', {}, el('dt', {}, expertName(kind).label), el('dd', {}, el('code', {}, version))),
          ),
        ),
  );
}

/**
 * Of an event of the stream.
 * @param {Prediction} prediction
 * @param {Scale} scale
 */
export function partsOf(prediction, scale) {
  const { mean, userBias, itemBias, interaction } = prediction.parts;
  const { online = prediction.prediction } = prediction.experts;
  const context = online - mean - userBias - itemBias - interaction;
  const networks = prediction.prediction - online;
  const steps = { user: userBias, item: itemBias, interaction, context, ...(networks === 0 ? {} : { networks }) };
  const moves = Object.entries(steps).map(([kind, moved]) => ({
    label: reasons[kind] ?? kind,
    moved,
  }));
  return el(
    'div',
    { class: 'explanation' },
    moveTable(`From the mean of ${decimal(mean)} to ${decimal(prediction.prediction)}`, moves),
    expertList(prediction, scale),
  );
}

/**
 * Of a question: with the ratings that it rests on.
 * @param {Explanation} explanation
 * @param {Scale} scale
 */
export function explanationOf(explanation, scale) {
  const { prediction, low, high, coldUser, coldItem, parts } = explanation;
  const cold = [coldUser ? 'the user' : '', coldItem ? 'the item' : ''].filter((name) => name !== '').join(' and ');
  const moves = explanation.reasons.map(({ kind, moved }) => ({ label: reasons[kind] ?? kind, moved }));
  const ratings = explanation.ratings.map(({ itemId, rating, moved }) => ({
    label: el('span', { class: 'rated' }, idText(itemId), el('span', { class: 'muted' }, ` rated ${rating}`)),
    moved,
  }));
  return el(
    'div',
    { class: 'answer' },
    el(
      'div',
      { class: 'answer-head' },
      el('p', { class: 'answer-value' }, decimal(prediction), el('span', { class: 'muted' }, ` of ${scale.hi}`)),
      el(
        'div',
        { class: 'answer-interval' },
        intervalBar(explanation, scale),
        el('p', { class: 'muted' }, `between ${decimal(low)} and ${decimal(high)} with a probability of 80 %`),
      ),
    ),
    cold === '' ? null : el('p', { class: 'note' }, `Nothing has been learned about ${cold} yet.`),
    el(
      'div',
      { class: 'explanation' },
      el(
        'div',
        {},
        moveTable(`From the mean of ${decimal(parts.mean)}, what moved it most`, moves),
        ratings.length === 0 ? null : moveTable('Ratings of this user that it rests on', ratings),
      ),
      expertList(explanation, scale),
    ),
  );
}
