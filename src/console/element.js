/** Makes elements. Text is always text: nothing here, or anywhere in the console, parses markup. */

/**
 * @typedef {Node | string | number | null | undefined | false} Child
 * @typedef {Record<string, unknown>} Properties attributes; `on`: listeners; `style`: custom properties and sizes;
 *   true sets an attribute without a value, false, null and undefined leave it out
 */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Properties} [properties]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'on') {
      for (const [event, listener] of Object.entries(/** @type {Record<string, EventListener>} */ (value)))
        node.addEventListener(event, listener);
    } else if (name === 'style') {
      for (const [key, size] of Object.entries(/** @type {Record<string, string>} */ (value)))
        node.style.setProperty(key, size);
    } else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(
    ...children
      .flat()
      .filter(isShown)
      .map((child) => (child instanceof Node ? child : String(child))),
  );
  return node;
}

/**
 * @param {Child} child
 * @returns {child is Node | string | number}
 */
const isShown = (child) => child !== null && child !== undefined && child !== false;

/**
 * An id, whatever it holds: it cannot turn the text around it, and its whole is told on hovering.
 * @param {string} id
 * @param {Properties} [properties]
 */
export const idText = (id, properties = {}) => el('bdi', { class: 'id', title: id, ...properties }, id);

/**
 * @param {string} label
 * @param {() => unknown} press
 * @param {Properties} [properties]
 */
export const button = (label, press, properties = {}) =>
  el('button', { type: 'button', ...properties, on: { click: () => void press() } }, label);

/**
 * @param {string} title
 * @param {string} text
 * @param {...Child} more
 */
export const empty = (title, text, ...more) =>
  el('div', { class: 'empty' }, el('p', { class: 'empty-title' }, title), el('p', {}, text), more);

/**
 * @param {unknown} error
 * @param {() => unknown} [again]
 */
export const failure = (error, again) =>
  el(
    'div',
    { class: 'failure', role: 'alert' },
    el('p', {}, error instanceof Error ? error.message : String(error)),
    again && button('Try again', again),
  );
