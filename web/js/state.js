// The state of the page is its URL: /VIEW?from=…&to=…&q=…&more. Reload, back and a shared link restore it.
// Relative times (now-1h) stay relative in the URL and become numbers only when a request is made (range()).

export const VIEWS = ['overview', 'explore', 'sql', 'alerts', 'sources'];
export const DEFAULT_FROM = 'now-1h';
/** These belong to the page and go along when the view changes; everything else belongs to its view. */
const SHARED = ['from', 'to'];
const UNITS = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };

const listeners = new Set();
const remembered = {};
let mistakes = [];
let current = parse(window.location);

function parse(location) {
  const view = location.pathname.replace(/^\/+|\/+$/g, '');
  const state = { view: VIEWS.includes(view) ? view : 'overview', from: DEFAULT_FROM, to: 'now', q: '' };
  for (const [name, value] of new URLSearchParams(location.search)) state[name] = value;
  if (state.from === 'all') state.to = 'now';
  // A time that is none must not become the beginning or the end of all time.
  mistakes = SHARED.filter((name) => state[name] !== 'all' && resolveTime(state[name]) === null).map((name) => ({ name, value: state[name] }));
  if (mistakes.length) Object.assign(state, { from: DEFAULT_FROM, to: 'now' });
  return state;
}

// Readable URLs: what is harmless in a query string stays as it is.
const escape = (text) => encodeURIComponent(text).replace(/%3A/g, ':').replace(/%2C/g, ',').replace(/%2F/g, '/').replace(/%20/g, '+');

/** The address of a state, for links: href({ view: 'explore', from, to, q }) */
export function href(state) {
  const { view = current.view, ...rest } = state;
  // What is not said stays as it is: a link to the same time.
  const said = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const full = { from: current.from, to: current.to, ...said };
  const parts = [];
  for (const [name, value] of Object.entries(full)) {
    if (value === null || value === undefined || value === '') continue;
    if ((name === 'from' && value === DEFAULT_FROM && (full.to ?? 'now') === 'now') || (name === 'to' && value === 'now')) continue;
    parts.push(`${escape(name)}=${escape(timeText(name, value))}`);
  }
  return `/${view}${parts.length ? `?${parts.join('&')}` : ''}`;
}

// Epoch milliseconds are written as ISO: people read URLs.
function timeText(name, value) {
  if (!SHARED.includes(name) || typeof value !== 'number') return String(value);
  return new Date(value).toISOString().replace(/\.000Z$/, 'Z');
}

/** now, now-15m, ISO 8601 or epoch milliseconds -> epoch milliseconds; null when it is none of them */
export function resolveTime(value, now = Date.now()) {
  if (value === null || value === undefined || value === '' || value === 'all') return null;
  if (typeof value === 'number') return value;
  const relative = /^now(?:-(\d+)([smhdw]))?$/.exec(value);
  if (relative) return relative[1] ? now - Number(relative[1]) * UNITS[relative[2]] : now;
  if (/^\d{9,}$/.test(value)) return Number(value);
  const parsed = Date.parse(value);
  return Number.isNaN(parsed) ? null : parsed;
}

function commit(next, replace) {
  const before = current;
  mistakes = [];
  const clean = { from: DEFAULT_FROM, to: 'now', q: '' };
  for (const [name, value] of Object.entries(next)) {
    if (value !== null && value !== undefined) clean[name] = timeText(name, value);
  }
  current = clean;
  const url = href(clean);
  if (url !== window.location.pathname + window.location.search) {
    window.history[replace ? 'replaceState' : 'pushState'](null, '', url);
  }
  publish(before);
}

function publish(before) {
  const changed = new Set();
  for (const name of new Set([...Object.keys(before), ...Object.keys(current)])) {
    if (before[name] !== current[name]) changed.add(name);
  }
  if (changed.size) for (const fn of [...listeners]) fn(current, changed);
}

export const state = {
  /** { view, from, to, q, …more } as strings, as they stand in the URL */
  get: () => current,

  /** Changes some of it. null or '' removes a key. replace: no new entry in the history (dragging, typing). */
  set(patch, { replace = false } = {}) {
    commit({ ...current, ...patch }, replace);
  },

  /**
   * Goes to a view. The time range goes along; what else the view had when it was left comes back, unless the patch
   * names something of the view itself (a link to a search is meant exactly as it is).
   */
  go(view, patch = {}) {
    const { view: old, from, to, ...own } = current;
    remembered[old] = own;
    const explicit = Object.keys(patch).some((name) => !SHARED.includes(name));
    commit({ ...(explicit ? {} : remembered[view]), from, to, ...patch, view }, false);
  },

  /** The time range as numbers, now: { from: ms|null, to: ms|null }. null is without limit. */
  range(now = Date.now()) {
    if (current.from === 'all') return { from: null, to: null };
    return { from: resolveTime(current.from, now), to: current.to === 'now' ? now : resolveTime(current.to, now) };
  },
  /** What the address has in place of times: [{ name, value }]; the usual range is shown instead. */
  get mistakes() { return mistakes; },

  /** Whether the range ends at now, so that new records belong to it. */
  get live() { return current.to === 'now'; },

  /** fn(state, changed: Set of names); answers with a function that ends it. */
  subscribe(fn) {
    listeners.add(fn);
    return () => listeners.delete(fn);
  },
};

window.addEventListener('popstate', () => {
  const before = current;
  current = parse(window.location);
  publish(before);
});
