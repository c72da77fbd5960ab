// Auto refresh: off, 1 s, 5 s or 30 s; never while the tab is hidden, and never a second time before the first has
// been answered. What is remembered is a preference, not part of the URL.

import { prefs } from './prefs.js';

export const INTERVALS = [0, 1, 5, 30];
const listeners = new Set();
let timer = null;
let running = false;
let last = 0;

const interval = () => prefs.get('refresh', 5);

async function tick(reason) {
  if (running) return;
  running = true;
  last = Date.now();
  try {
    await Promise.allSettled([...listeners].map((fn) => fn(reason)));
  } finally {
    running = false;
    plan();
  }
}

function plan() {
  clearTimeout(timer);
  timer = null;
  if (interval() > 0 && !document.hidden) timer = setTimeout(() => tick('refresh'), interval() * 1000);
}

export const refresh = {
  /** Seconds between two refreshes; 0 is off. */
  get seconds() { return interval(); },
  set(seconds) {
    prefs.set('refresh', seconds);
    plan();
  },
  /** Everything now, as the button does. */
  now: () => tick('manual'),
  /** fn(reason) may answer with a promise; the next round waits for it. */
  subscribe(fn) {
    listeners.add(fn);
    return () => listeners.delete(fn);
  },
  start: plan,
};

document.addEventListener('visibilitychange', () => {
  if (document.hidden) return plan();
  // Back after a while: what is shown is old, so load at once.
  if (interval() > 0 && Date.now() - last > interval() * 1000) return tick('refresh');
  return plan();
});
