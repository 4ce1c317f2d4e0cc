/** Requests to the worker that served this page. */

const tokenName = 'freshet-token';

export class RefusedError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {number} status
   */
  constructor(code, message, status) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** @type {string | null} */
let token = readToken();

function readToken() {
  try {
    return sessionStorage.getItem(tokenName);
  } catch {
    return null;
  }
}

/**
 * Kept until the tab is closed.
 * @param {string} text
 */
export function useToken(text) {
  token = text;
  try {
    sessionStorage.setItem(tokenName, text);
  } catch {
    // It is asked for again after the next reload, then.
  }
}

/**
 * Says so when the token is refused; not when another was given meanwhile.
 * @param {string} path relative to the page, so that the worker may stand behind a prefix
 * @param {RequestInit} [options]
 */
export async function ask(path, options = {}) {
  const sent = token;
  const headers = sent === null ? {} : { authorization: `Bearer ${sent}` };
  const response = await fetch(path, { ...options, headers, cache: 'no-store', credentials: 'same-origin' });
  if (response.status === 401 && sent === token) document.dispatchEvent(new CustomEvent('token-wanted'));
  return response;
}

/**
 * The JSON that a route answers. Throws RefusedError with the worker's own words.
 * @param {string} method
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function call(method, path) {
  const response = await ask(path, { method }).catch(() => {
    throw new RefusedError('', 'The worker cannot be reached. Is it still running?', 0);
  });
  if (response.ok) return response.json();
  throw await refusalOf(response);
}

/** @param {Response} response */
export async function refusalOf(response) {
  const body = await response.json().catch(() => null);
  const { code = '', message = `The worker answered ${response.status}.` } = body?.error ?? {};
  return new RefusedError(code, message, response.status);
}

/** @param {...string} parts */
export const pathOf = (...parts) => parts.map(encodeURIComponent).join('/');
