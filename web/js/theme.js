// Light, dark or as the system has it; and the colours as script needs them (Plotly cannot read CSS variables).

import { prefs } from './prefs.js';

const system = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set();
let cache = null;

export const theme = {
  /** 'system', 'light' or 'dark', as chosen. */
  get choice() { return prefs.get('theme', 'system'); },
  /** What is shown now. */
  get dark() {
    return theme.choice === 'system' ? system.matches : theme.choice === 'dark';
  },
  set(choice) {
    prefs.set('theme', choice);
    apply();
  },
  /** The value of a custom property of css/tokens.css, for instance color('text-2'). */
  color(name) {
    cache ??= getComputedStyle(document.documentElement);
    return cache.getPropertyValue(`--${name}`).trim();
  },
  subscribe(fn) {
    listeners.add(fn);
    return () => listeners.delete(fn);
  },
};

function apply() {
  if (theme.choice === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.choice;
  cache = null;
  for (const fn of listeners) fn();
}

system.addEventListener('change', () => {
  if (theme.choice === 'system') apply();
});
