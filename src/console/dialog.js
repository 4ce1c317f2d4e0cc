/** Questions before what cannot be taken back, and short words afterwards. */
import { button, el } from './element.js';

/**
 * Resolves with whether it was confirmed. The focus begins on the way out.
 * @param {{ title: string, text: Node | string, confirm: string, isDanger?: boolean }} question
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, confirm, isDanger = false }) {
  return new Promise((resolve) => {
    const dialog = el('dialog', { 'aria-labelledby': 'dialog-title' });
    const end = (/** @type {boolean} */ answer) => {
      dialog.close();
      resolve(answer);
    };
    dialog.append(
      el('h2', { id: 'dialog-title' }, title),
      el('p', {}, text),
      el(
        'div',
        { class: 'dialog-actions' },
        button('Cancel', () => end(false), { autofocus: true }),
        button(confirm, () => end(true), { class: isDanger ? 'danger' : 'primary' }),
      ),
    );
    dialog.addEventListener('cancel', () => resolve(false));
    dialog.addEventListener('close', () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  });
}

const toastMs = 8000;

/**
 * @param {string} text
 * @param {'fine' | 'failed'} [kind]
 */
export function say(text, kind = 'fine') {
  const toast = el('p', { class: `toast ${kind}` }, text);
  document.getElementById('toasts')?.append(toast);
  setTimeout(() => toast.remove(), toastMs);
}

/** @param {unknown} error */
export const sayFailure = (error) => say(error instanceof Error ? error.message : String(error), 'failed');
