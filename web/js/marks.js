// What people say of anomalies: that they are to be expected, or real. The buttons in a table, and what happens then.

import { h } from './dom.js';
import { subjectOf } from './subject.js';
import { toast } from './ui.js';
import { detectors } from './detectors.js';

/** Whether its detector raises alerts; unknown is taken as yes. */
const alarms = (detector) => detectors.find(detector)?.alerts !== false;

/** With the hour before and after it, all times of day. */
const ALL_DAY_MS = 22 * 3_600_000;

/** A series of records without a service is not all of its level. */
function named(detector, series) {
  const { service, level } = subjectOf(detector, series);
  if (service === '') return level ? `${level} without a service` : 'what has no service';
  return series || 'this series';
}

function meaning({ detector, series, direction, start, end }, verdict) {
  const name = named(detector, series);
  if (!alarms(detector)) return `Kept as ${verdict} for backtests. ${detector} raises no alerts at the moment.`;
  if (verdict === 'real') return `Real: backtests now count whether ${name} is found here. It goes on alarming.`;
  const upTo = `${direction === 'low' ? 'down to two thirds' : 'up to 1.5 times'} of this`;
  if (Date.parse(end) - Date.parse(start) >= ALL_DAY_MS) return `Expected: from its start to its end ${name} stops alarming, ${upTo}. It lasted too long to have a time of day: later it alarms again.`;
  return `Expected: within an hour of this time of day ${name} stops alarming, ${upTo}.`;
}

async function said(work, text) {
  try {
    await work();
    toast(text, { seconds: 7 });
    return true;
  } catch (error) {
    toast([error.message, error.hint].filter(Boolean).join(' '), { kind: 'error', seconds: 7 });
    return false;
  }
}

/** about: { detector, series, direction, start, end (exclusive), observed } */
export function mark(ctx, about, verdict) {
  const { detector, series, direction, start, end, observed } = about;
  return said(() => ctx.api.post('marks', { detector, series, direction, start, end, observed, verdict }), meaning(about, verdict));
}

export const takeBack = (ctx, id) => said(() => ctx.api.delete(`marks/${id}`), 'Taken back: it is judged as before.');

export const verdictTag = (verdict) => h('span', { class: `tag tag-${verdict}` }, verdict);

/**
 * The column with the buttons. about(row) -> what mark() takes, or null where nothing can be said; row.mark: { id, verdict }
 * or null; done() when something was said.
 */
export function markColumn(ctx, { about, done }) {
  async function act(event, work) {
    const buttons = event.currentTarget.parentElement.querySelectorAll('button');
    buttons.forEach((it) => { it.disabled = true; });
    if (await work()) await done();
    else buttons.forEach((it) => { it.disabled = false; });
  }
  return {
    title: 'Mark', field: 'verdict', width: 146, priority: 2, csv: (v) => v ?? '', hint: 'Expected: stops alarming at this time of day. Real: truth for backtests.',
    cell: (_, row) => {
      const it = about(row);
      if (!it) return '–';
      const of = `${it.series || 'everything'}, ${it.start}`;
      if (row.mark) {
        return h('span', { class: 'marking' }, verdictTag(row.mark.verdict),
          h('button', { type: 'button', class: 'link', 'data-test': 'mark-undo', 'aria-label': `Take back: ${of}`, onclick: (event) => act(event, () => takeBack(ctx, row.mark.id)) }, 'Take back'));
      }
      const offer = (verdict, label, title) => h('button', { type: 'button', class: 'btn btn-mark', 'data-test': `mark-${verdict}`, title, 'aria-label': `${label}: ${of}`, onclick: (event) => act(event, () => mark(ctx, it, verdict)) }, label);
      return h('span', { class: 'marking' },
        offer('expected', 'Expected', 'Stops alarming at this time of day'), offer('real', 'Real', 'Truth for backtests: it is to be found'));
    },
  };
}
