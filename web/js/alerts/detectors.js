// Which detectors there are, whether they raise alerts, how far they are, and a button that tries them.

import { h, replace } from '../dom.js';
import { panel, button } from '../ui.js';
import { state } from '../state.js';
import { newest, aborted } from '../api.js';
import { detectors, aboutText, barText, hasBudget } from '../detectors.js';
import { decimal, duration, millis, number, plural, timeTag } from '../format.js';
import { trial, chosenTrial } from './trial.js';

const fact = (name, value, title) => h('div', { title }, h('dt', null, name), h('dd', null, value));

function detectorState({ error, alerts }) {
  const [look, text] = error ? ['state-bad', 'fails'] : alerts ? ['state-on', 'raises alerts'] : ['', 'off'];
  return h('span', { class: `state ${look}` }, h('span', { class: 'state-dot' }), text);
}

function row(it) {
  const tried = chosenTrial().name === it.name;
  return h('li', { class: 'detector', 'data-test': 'detector-row', 'data-name': it.name },
    h('div', { class: 'detector-name' }, it.name, detectorState(it)),
    h('div', { class: 'detector-about' }, h('p', null, aboutText(it.about)), it.error && h('p', { class: 'detector-error', role: 'status' }, it.error)),
    h('dl', { class: 'detector-facts' },
      fact('Fires from', it.threshold === null ? '–' : barText(it.threshold, it.unit), hasBudget(it) ? 'From the budget of false alarms' : ''),
      fact('Judged until', it.judged_until ? timeTag(it.judged_until, 'min') : '–'),
      fact('Took', it.took_ms === null ? '–' : millis(it.took_ms))),
    button({ label: 'Try it', test: 'detector-try', title: 'What it would have raised alerts on, over the time range above', 'aria-pressed': String(tried), 'aria-label': `Try it: ${it.name}`, onclick: () => state.set({ try: tried ? null : it.name }) }));
}

function budgetText({ false_alarms_per_day: allowed, judge_after_seconds: wait }) {
  return `Budget: ${allowed === 1 ? 'one false alarm' : `${decimal(allowed, 2)} false alarms`} a day and thousand series; minutes are judged ${duration(wait)} after they end`;
}

function learningText({ series: { total, learning, unjudged }, too_late: late }) {
  return [
    learning > 0 && `${number(learning)} of ${plural(total, 'series', 'series')} ${learning === 1 ? 'is' : 'are'} less than a day old: detectors are still learning what is usual there and need more to fire.`,
    unjudged > 0 && `${number(unjudged)} of them ${unjudged === 1 ? 'is' : 'are'} less than half an hour old and not judged yet.`,
    late > 0 && `${plural(late, 'record')} came too late to be judged since the start.`,
  ].filter(Boolean).join(' ');
}

export function detectorPanel(ctx) {
  const latest = newest();
  const box = panel({ title: 'Detectors', test: 'panel-detectors', className: 'panel-detectors' });
  const lead = h('p', { class: 'panel-lead', 'data-test': 'detectors-learning' });
  const list = h('ul', { class: 'detector-list' });
  const test = trial(ctx);
  box.body.append(lead, list, test.el);
  box.loading({ lines: 6 });

  function show() {
    const known = detectors.known;
    if (!known) return;
    const focused = list.contains(document.activeElement) ? document.activeElement.closest('li')?.dataset.name : null;
    box.note(budgetText(known));
    const text = learningText(known);
    lead.textContent = text;
    lead.hidden = !text;
    replace(list, known.detectors.map(row));
    if (focused) list.querySelector(`li[data-name="${CSS.escape(focused)}"] button`)?.focus({ preventScroll: true });
  }

  return {
    el: box.el,
    async load() {
      try {
        await latest((signal) => detectors.load(ctx.api, signal));
        show();
        box.ready();
      } catch (error) {
        if (aborted(error) || (error.offline && box.filled)) return;
        box.error(error, () => this.load());
      }
    },
    /** Another detector is to be tried, or over another time. */
    async tryAgain({ seen = false } = {}) {
      show();
      await test.run();
      if (seen && !test.el.hidden) test.el.scrollIntoView({ block: 'nearest' });
    },
    destroy() {
      latest.cancel();
      test.destroy();
    },
  };
}
