// What the user likes, kept in this browser: theme, refresh interval and what views add. The URL holds what is looked
// at; this holds how. Works without storage too (then only until the page is closed).

const PREFIX = 'pintail.';
const memory = new Map();
const listeners = new Map();

function read(key) {
  if (memory.has(key)) return memory.get(key);
  let value;
  try {
    const text = localStorage.getItem(PREFIX + key);
    value = text === null ? undefined : JSON.parse(text);
  } catch {
    value = undefined;
  }
  memory.set(key, value);
  return value;
}

export const prefs = {
  get(key, fallback) {
    const value = read(key);
    return value === undefined ? fallback : value;
  },
  set(key, value) {
    memory.set(key, value);
    try {
      localStorage.setItem(PREFIX + key, JSON.stringify(value));
    } catch {
      // Full or forbidden: the value still holds until the page is closed.
    }
    for (const fn of listeners.get(key) ?? []) fn(value);
  },
  /** Calls fn(value) on every change; answers with a function that ends it. */
  subscribe(key, fn) {
    if (!listeners.has(key)) listeners.set(key, new Set());
    listeners.get(key).add(fn);
    return () => listeners.get(key).delete(fn);
  },
};
