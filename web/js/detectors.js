// What the page knows of detectors: which there are (/api/detectors), what their numbers are, and how they are said.

import { decimal, fixed, percent } from './format.js';

export const PICTURE = 'zscore';

/** What observed and expected are; others have their own. */
const MEASURES = {
  zscore: 'Records per minute',
  counts: 'Records per minute, over those 1 to 60 minutes that stand out most',
  ratio: 'Share of errors among all records',
  silence: 'Minutes without a record',
  shift: 'Records per minute, the level of four hours',
  values: 'The 95th percentile of each minute, in the field’s own unit',
};
export const measureOf = (detector) => MEASURES[detector] ?? 'The detector’s own unit';
export const isShare = (detector) => detector === 'ratio';
/** Whether what is measured is a number of things, whose axis begins at zero. */
export const isCount = (detector) => detector !== 'values' && detector in MEASURES;

/** Whether it judges minutes with records only: those without, it leaves out. */
export const skipsEmpty = (detector) => detector === 'counts';

/** An observed or expected value of a detector. */
export function amount(detector, value) {
  if (isShare(detector) && typeof value === 'number') return percent(100 * value);
  return decimal(value, Math.abs(value) < 10 ? 2 : 1);
}

/** 5.1 σ, or the number alone where the score is no number of standard deviations. */
export const barText = (threshold, unit) => (unit === 'own' ? decimal(threshold, 2) : `${fixed(threshold, 1)} σ`);

/** Whether its threshold follows from the budget of false alarms. */
export const hasBudget = ({ name, unit, built_in: builtIn }) => builtIn && unit === 'deviations' && name !== PICTURE;

/** What it looks for, up to its last whole sentence before the method. */
export function aboutText(about) {
  const text = about.split(/\s*Method:/)[0].replace(/\s+/g, ' ').trim();
  const whole = /[.!?]$/.test(text) ? text : text.includes('. ') ? text.slice(0, text.lastIndexOf('. ') + 1) : text;
  return whole.charAt(0).toUpperCase() + whole.slice(1);
}

export const detectors = {
  /** The last answer, or null. */
  known: null,
  async load(api, signal) {
    detectors.known = await api.get('detectors', null, { signal });
    return detectors.known;
  },
  find: (name) => detectors.known?.detectors.find((it) => it.name === name) ?? null,
};
