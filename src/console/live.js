/** What the worker tells once a second, and who wants to hear of it. Nobody is told anything while the tab is hidden. */
import { ask, refusalOf } from './api.js';

/**
 * @typedef {import('../ports/telemetry.ts').ExpertError} ExpertError
 * @typedef {import('../ports/telemetry.ts').NetworkStats} NetworkStats
 * @typedef {import('../ports/events.ts').PredictionEvent} PredictionEvent
 * @typedef {(number | null)[]} Point [milliseconds, predictions, waiting, an error for each name]
 * @typedef {{
 *   atMs: number, point: Point, readiness: { kind: string, reason?: string }, scale: { lo: number, hi: number },
 *   partitionsHeld: number, partitionCount: number, ratingsLearned: number, deadLetters: number, eventTimeLagMs: number,
 *   userRows: number, itemRows: number, intervalCoverageRatio: number | null, experts: ExpertError[], networks: NetworkStats[]
 * }} State
 * @typedef {'connecting' | 'live' | 'lost' | 'full' | 'denied'} Connection
 */

/** An hour at one a second. */
const pointsMaxCount = 3600;
const samplesMaxCount = 60;
const silenceMs = 10_000;
const longestPauseMs = 10_000;
/** Points farther from each other are not joined by a line. */
const gapMs = 5_000;

export const live = {
  /** @type {Connection} */
  connection: 'connecting',
  /** Why there is none. */
  reason: '',
  /** @type {string[]} of the errors in a point */
  names: [],
  /** @type {Point[]} oldest first */
  points: [],
  /** @type {State | null} */
  state: null,
  /** @type {PredictionEvent[]} newest first */
  samples: [],
};

/** @type {Set<() => void>} */
const listeners = new Set();

/**
 * Calls back after every change; returns how to stop.
 * @param {() => void} listener
 */
export function onLive(listener) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

const tell = () => listeners.forEach((listener) => listener());

/** @type {AbortController | null} */
let reading = null;
/** @type {number | undefined} */
let waiting;
let failures = 0;

export function startLive() {
  document.addEventListener('visibilitychange', () => (document.hidden ? pause() : connect()));
  connect();
}

/** At once, whatever was being waited for. */
function connect() {
  if (reading !== null) return;
  clearTimeout(waiting);
  const leaving = new AbortController();
  reading = leaving;
  read(leaving).catch((/** @type {unknown} */ error) => {
    if (reading !== leaving) return;
    reading = null;
    if (live.connection !== 'denied' && live.connection !== 'full') live.connection = 'lost';
    live.reason = error instanceof Error ? error.message : String(error);
    tell();
    if (live.connection === 'denied') return;
    waiting = setTimeout(connect, Math.min(longestPauseMs, 1000 * 2 ** failures++));
  });
}

/** With another token: what was asked with the former one is of no interest. */
export function reconnect() {
  pause();
  live.connection = 'connecting';
  connect();
}

function pause() {
  clearTimeout(waiting);
  reading?.abort();
  reading = null;
}

/** @param {AbortController} leaving */
async function read(leaving) {
  let silence = setTimeout(() => leaving.abort(), silenceMs);
  try {
    const response = await ask('live', { signal: leaving.signal });
    if (!response.ok || response.body === null) {
      const refusal = await refusalOf(response);
      if (response.status === 401) live.connection = 'denied';
      else if (refusal.code === 'FRESHET_TOO_MANY_STREAMS') live.connection = 'full';
      throw refusal;
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new Error('the worker ended the connection');
      clearTimeout(silence);
      silence = setTimeout(() => leaving.abort(), silenceMs);
      const blocks = (text + value).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) take(block);
    }
  } finally {
    clearTimeout(silence);
  }
}

/** @param {string} block */
function take(block) {
  const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
  if (data === undefined) return;
  const value = JSON.parse(data);
  if (name === 'history') {
    live.names = value.names;
    const last = live.points.at(-1)?.[0] ?? 0;
    for (const point of value.points) if (point[0] > last) addPoint(point);
    return;
  }
  if (name === 'predictions') live.samples = [...value.reverse(), ...live.samples].slice(0, samplesMaxCount);
  if (name === 'state') {
    failures = 0;
    live.connection = 'live';
    live.state = value;
    addPoint(value.point);
  }
  tell();
}

/** @param {Point} point */
function addPoint(point) {
  const last = live.points.at(-1);
  const [atMs, before] = [point[0] ?? 0, last?.[0] ?? 0];
  if (last !== undefined && atMs <= before) return;
  if (last !== undefined && atMs - before > gapMs) live.points.push([before + 1, ...point.slice(1).map(() => null)]);
  live.points.push(point);
  if (live.points.length > pointsMaxCount) live.points = live.points.slice(-pointsMaxCount);
}

/** Ratings predicted a second over the last few seconds; null while nobody knows. */
export function ratePerSecond() {
  const { points } = live;
  const last = points.at(-1);
  const first = points.slice(-6).find((point) => point[1] !== null);
  if (last === undefined || first === undefined || last === first) return null;
  const seconds = (Number(last[0]) - Number(first[0])) / 1000;
  const predictions = Number(last[1]) - Number(first[1]);
  return predictions < 0 || seconds <= 0 ? null : predictions / seconds;
}
