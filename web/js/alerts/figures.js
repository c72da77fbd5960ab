// The figures of a trial next to those of what raises alerts now.

import { h } from '../dom.js';
import { detectors, barText } from '../detectors.js';
import { decimal, duration, number, percent } from '../format.js';

const share = (part) => (part === null ? '–' : percent(100 * part));

const COLUMNS = [
  ['Fires from', (it) => barText(it.threshold, detectors.find(it.detector)?.unit)],
  ['Unusual minutes', (it) => number(it.unusual_minutes)],
  ['Alerts', (it) => number(it.alerts)],
  ['Incidents', (it) => number(it.incidents), 'Alerts with a common cause taken as one: what people are told'],
  ['Incidents a day', (it) => decimal(it.incidents_per_day, 1)],
];

/** Against what people marked. */
const AGAINST_MARKS = [
  ['Found of real', ({ truth }) => `${truth.found} of ${truth.anomalies} (${share(truth.recall)})`, 'Recall: marked as real, and found'],
  ['Alerts not false', ({ truth }) => share(truth.precision), 'Precision: of its alerts, those about something marked as real'],
  ['False a day', ({ truth }) => decimal(truth.false_alerts_per_day, 1), 'Alerts about nothing that is marked as real'],
  ['Delay', ({ truth }) => (truth.median_delay_minutes === null ? '–' : duration(truth.median_delay_minutes * 60)), 'Median from the beginning to the first unusual minute'],
];

/** Where nothing is marked as real every alert would be false, which says nothing. */
export const isJudged = (it) => Boolean(it.truth?.anomalies);

export function figures(tried, running) {
  const columns = isJudged(tried) ? [...COLUMNS, ...AGAINST_MARKS] : COLUMNS;
  const row = (it, note) => h('tr', { 'data-detector': it.detector }, h('th', { scope: 'row' }, it.detector, h('span', { class: 'dim' }, ` ${note}`)), columns.map(([, value]) => h('td', null, value(it))));
  return h('div', { class: 'scroll-x', tabindex: '0', role: 'region', 'aria-label': 'Trial in figures' }, h('table', { class: 'figures', 'data-test': 'backtest-figures' },
    h('caption', { class: 'visually-hidden' }, 'The detector on trial and those that raise alerts now'),
    h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Detector'), columns.map(([title, , hint]) => h('th', { scope: 'col', title: hint }, title)))),
    h('tbody', null, row(tried, 'on trial'), running.map((it) => row(it, 'now')))));
}
