// The page's time range: what the header shows, the picker, and moves (earlier, later, wider). Every chart's brush
// comes through zoom(), its double click through reset().

import { h, icon, replace } from './dom.js';
import { state, resolveTime, DEFAULT_FROM } from './state.js';
import { popover, popoverOf, button } from './ui.js';
import { rangeText, zone, utc } from './format.js';

export const PRESETS = [
  ['now-5m', 'Last 5 min'], ['now-15m', 'Last 15 min'], ['now-1h', 'Last 1 h'], ['now-6h', 'Last 6 h'],
  ['now-24h', 'Last 24 h'], ['now-7d', 'Last 7 days'], ['all', 'All records'],
];

/** What a double click on a chart goes back to: the range before the first brush. */
let base = null;

export const timerange = {
  /** Narrows the page to a part of a chart. */
  zoom(from, to) {
    if (!(to > from)) return;
    const { from: f, to: t } = state.get();
    base ??= { from: f, to: t };
    const [a, b] = to - from < 1000 ? [from, from + 1000] : [from, to];
    state.set({ from: Math.floor(a), to: Math.ceil(b) });
  },
  reset() {
    state.set(base ?? { from: DEFAULT_FROM, to: 'now' });
    base = null;
  },
  /** Whether a brush has narrowed the range, so that reset() has something to go back to. */
  get zoomed() { return base !== null; },
  set(from, to = 'now') {
    base = null;
    state.set({ from, to });
  },
  /** by: -1 earlier, 1 later, by the width of the range */
  shift(by) {
    const { from, to } = state.range();
    if (from === null) return;
    const width = to - from;
    timerange.set(from + by * width, to + by * width);
  },
  widen() {
    const { from, to } = state.range();
    if (from === null) return;
    const relative = /^now-(\d+)([smhdw])$/.exec(state.get().from);
    if (relative && state.live) return timerange.set(`now-${relative[1] * 2}${relative[2]}`);
    const half = (to - from) / 2;
    return timerange.set(Math.floor(from - half), Math.ceil(Math.min(to + half, Math.max(Date.now(), to))));
  },
  label() {
    const { from, to } = state.get();
    if (to === 'now') {
      const preset = PRESETS.find(([value]) => value === from);
      if (preset) return preset[1];
      const relative = /^now-(\d+)([smhdw])$/.exec(from);
      if (relative) return `Last ${relative[1]} ${{ s: 's', m: 'min', h: 'h', d: 'days', w: 'weeks' }[relative[2]]}`;
    }
    const range = state.range();
    if (range.from === null && range.to === null) return 'All records';
    if (range.from === null) return `Until ${rangeText(range.to, range.to)}`;
    return to === 'now' ? `${rangeText(range.from, range.from).split(' – ')[0]} – now` : rangeText(range.from, range.to);
  },
};

// datetime-local inputs speak local time without a zone.
const toInput = (ms) => {
  const d = new Date(ms);
  return new Date(ms - d.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
};

function picker(close) {
  const range = state.range();
  const now = Date.now();
  const current = state.get();
  const presets = PRESETS.map(([from, label]) => h('button', {
    type: 'button', class: 'menu-item', 'data-test': `range-${from}`, 'aria-pressed': String(current.to === 'now' && current.from === from),
    onclick: () => { close(); timerange.set(from); },
  }, h('span', { class: 'menu-check' }, current.to === 'now' && current.from === from && icon('check')), h('span', { class: 'menu-label' }, label)));
  const from = h('input', { class: 'input', type: 'datetime-local', step: '1', id: 'range-from', required: true, 'data-test': 'range-from', value: toInput(range.from ?? now - 36e5) });
  const to = h('input', { class: 'input', type: 'datetime-local', step: '1', id: 'range-to', required: true, 'data-test': 'range-to', value: toInput(range.to ?? now) });
  const problem = h('p', { class: 'problem', role: 'alert' });
  const form = h('form', { class: 'range-form', onsubmit: (event) => {
    event.preventDefault();
    const [a, b] = [new Date(from.value).getTime(), new Date(to.value).getTime()];
    if (!(b > a)) {
      problem.textContent = 'The end must be after the start.';
      return;
    }
    close();
    timerange.set(a, b);
  } },
  h('label', { class: 'field', for: 'range-from' }, 'From'), from, h('label', { class: 'field', for: 'range-to' }, 'To'), to, problem,
  h('div', { class: 'row-between' }, h('span', { class: 'dim small' }, `Local time, ${zone()}`),
    h('button', { class: 'btn btn-main', type: 'submit', 'data-test': 'range-apply' }, 'Apply')));
  return h('div', { class: 'range-picker' }, h('div', { class: 'range-presets' }, presets), form);
}

/** The control in the header. -> { el, open, update } */
export function timeControl() {
  const label = h('span', { class: 'btn-label' });
  const main = h('button', { type: 'button', class: 'btn', 'data-test': 'range-button', id: 'range-button', 'aria-haspopup': 'dialog', 'aria-expanded': 'false' },
    icon('clock'), label, h('span', { class: 'zone' }), icon('chevron'));
  const open = () => {
    if (popoverOf(main)) return popoverOf(main).close();
    const handle = popover(main, picker(() => { popoverOf(main)?.close(); main.focus(); }), { align: 'end', test: 'range-picker', label: 'Time range' });
    return (handle.el.querySelector('[aria-pressed="true"]') ?? handle.el.querySelector('button, input')).focus();
  };
  main.addEventListener('click', open);
  const back = button({ iconName: 'left', title: 'Earlier', onclick: () => timerange.shift(-1), test: 'range-back' });
  const forward = button({ iconName: 'right', title: 'Later', onclick: () => timerange.shift(1), test: 'range-forward' });
  const wider = button({ iconName: 'minus', title: 'Wider', onclick: () => timerange.widen(), test: 'range-out' });
  const update = () => {
    const range = state.range();
    replace(label, timerange.label());
    replace(main.querySelector('.zone'), zone(range.to ?? Date.now()));
    main.title = range.from === null ? 'All records' : `${utc(range.from)} to ${utc(range.to ?? Date.now())}`;
    const all = range.from === null;
    back.disabled = all;
    wider.disabled = all;
    forward.disabled = all || state.live || resolveTime(state.get().to) >= Date.now();
  };
  update();
  return { el: h('div', { class: 'group', role: 'group', 'aria-label': 'Time range' }, back, main, forward, wider), open, update };
}
