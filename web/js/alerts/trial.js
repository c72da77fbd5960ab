// A detector on trial: what it would have raised alerts on in the page's time range, next to what raises alerts now, and
// against what people have marked. Which one, and from which score on, is in the address: try=ratio:4.5

import { h, replace } from '../dom.js';
import { button, copyText, errorBox, skeleton } from '../ui.js';
import { state } from '../state.js';
import { newest, aborted } from '../api.js';
import { detectors, barText, hasBudget } from '../detectors.js';
import { decimal, duration, millis, number, plural, rangeText } from '../format.js';
import { figures } from './figures.js';
import { firedTable } from './fired.js';

/** More are not compared at a time. */
const TRIALS_MAX = 8;

/** What the address says: { name, score } with score as text or '' for the detector's own. */
export function chosenTrial() {
  const [name = '', score = ''] = (state.get().try ?? '').split(':');
  return { name, score };
}
const choice = (name, score) => (score ? `${name}:${score}` : name);

/** Scores from which detectors without a budget fire by themselves. */
const USUAL = { zscore: 3, values: 0.5 };

/** A detector that runs, as the choice it was started by: with its score where that is not the usual one. */
function running(it) {
  if (!it.built_in) return it.name;
  const budget = detectors.known.detectors.find((other) => hasBudget(other) && !other.alerts);
  const usual = USUAL[it.name] ?? budget?.threshold ?? it.threshold;
  return choice(it.name, it.threshold === usual ? '' : it.threshold);
}

/** The line for pintail.toml that raises alerts by it, too. */
function enabling({ name, score }) {
  const write = (it, text) => (it && !it.built_in ? text.replace(it.name, `detectors/${it.name}.sql`) : text);
  const now = (detectors.known?.detectors ?? []).filter((it) => it.alerts);
  const all = now.map((it) => write(it, it.name === name && score ? choice(name, score) : running(it)));
  if (!now.some((it) => it.name === name)) all.push(write(detectors.find(name), choice(name, score)));
  return `detectors = [${all.map((it) => `"${it}"`).join(', ')}]`;
}

const runsAsTried = ({ name, score }) => Boolean(detectors.find(name)?.alerts && !score);

function enable(chosen) {
  const line = enabling(chosen);
  const own = detectors.known?.detectors.some((it) => !it.built_in && (it.alerts || it.name === chosen.name));
  const lead = runsAsTried(chosen) ? `${chosen.name} raises alerts already. The line in pintail.toml that says so:` : 'To raise alerts by it, put this line into pintail.toml and start Pintail again:';
  return h('div', null, h('h4', null, lead),
    h('div', { class: 'command' }, h('code', { 'data-test': 'backtest-line' }, line), button({ iconName: 'copy', title: `Copy: ${line}`, quiet: true, test: 'backtest-copy', onclick: () => copyText(line, 'Line copied') })),
    own && h('p', { class: 'dim' }, 'Detectors of your own are named by the path of their file; put there where yours is.'));
}

function summary(tried, others) {
  const span = duration(Math.round(tried.days * 86400));
  const told = (it) => (it.incidents === 0 ? 'of nothing' : `of ${plural(it.incidents, 'incident')} (${decimal(it.incidents_per_day, 1)} a day)`);
  const now = others.length ? `; what raises alerts now: ${others.map((it) => `${it.detector} of ${number(it.incidents)}`).join(', ')}` : '';
  return `In ${span} ${tried.detector} would have told you ${told(tried)}${now}.${tried.days < 1 ? ' Less than a day says little about a day.' : ''}`;
}

export function trial(ctx) {
  const latest = newest();
  const el = h('section', { class: 'trial', 'aria-label': 'Trial', 'data-test': 'backtest', hidden: true });
  let table = null;
  let shownFor = null;

  function clear() {
    table?.destroy();
    table = null;
    replace(el);
  }

  function head({ name, score }, text) {
    const field = h('input', { class: 'input', type: 'number', min: 0, step: 'any', id: 'backtest-threshold', 'data-test': 'backtest-threshold', value: score, placeholder: decimal(detectors.find(name)?.threshold, 2) });
    const form = h('form', { class: 'trial-form', onsubmit: (event) => {
      event.preventDefault();
      const wanted = Number(field.value) > 0 ? String(Number(field.value)) : '';
      if (wanted === chosenTrial().score) again();
      else state.set({ try: choice(name, wanted) });
    } }, h('label', { class: 'field', for: 'backtest-threshold' }, 'Fires from'), field, h('button', { type: 'submit', class: 'btn', 'data-test': 'backtest-run' }, 'Try'),
    button({ iconName: 'close', title: 'Close the trial', quiet: true, test: 'backtest-close', onclick: () => state.set({ try: null }) }));
    return h('div', { class: 'trial-head' }, h('h3', null, `${name} on trial`), h('span', { class: 'dim' }, text), form);
  }

  async function ask(signal, { name, score }) {
    const { marks } = await ctx.api.get('marks', null, { signal });
    const own = detectors.find(name);
    const now = detectors.known.detectors.filter((it) => it.alerts && !it.error && (it !== own || score)).map(running);
    const tried = !score && own?.alerts ? running(own) : choice(name, score);
    const { backtests } = await ctx.api.get('backtest', { ...state.range(), detectors: [tried, ...now].slice(0, TRIALS_MAX).join(','), marks: marks.length > 0 ? true : null }, { signal });
    return backtests;
  }

  async function show(chosen, [tried, ...others]) {
    clear();
    el.dataset.state = 'ready';
    const list = h('div');
    const unit = detectors.find(chosen.name)?.unit;
    el.append(head(chosen, `${rangeText(tried.from, tried.to)}, ${plural(tried.series, 'series', 'series')}, took ${millis(tried.took_ms)}`),
      h('p', { class: 'panel-lead', 'data-test': 'backtest-summary' }, summary(tried, others)),
      figures(tried, others),
      h('h4', null, tried.alerts === 0 ? `Nothing reaches ${barText(tried.threshold, unit)} in this time range` : `What it would have fired on${tried.alerts > tried.listed.length ? `, the ${number(tried.listed.length)} most unusual of ${number(tried.alerts)}` : ''}`),
      list, enable(chosen));
    if (tried.listed.length) {
      table = firedTable(ctx, list, tried, runsAsTried(chosen) ? [] : others);
      await table.filled;
    }
  }

  async function again() {
    const chosen = chosenTrial();
    el.hidden = !chosen.name;
    if (!chosen.name) {
      latest.cancel();
      shownFor = null;
      clear();
      return;
    }
    clear();
    el.dataset.state = 'busy';
    // Only what takes its time can be given up.
    const cancel = button({ label: 'Cancel', test: 'backtest-cancel', onclick: () => latest.cancel() });
    cancel.hidden = true;
    const slow = setTimeout(() => { cancel.hidden = false; }, 300);
    el.append(head(chosen, 'looking through the time range…'), h('div', { class: 'trial-running' }, skeleton({ lines: 4 }), cancel));
    try {
      if (!detectors.known) await latest((signal) => detectors.load(ctx.api, signal));
      await show(chosen, await latest((signal) => ask(signal, chosen)));
    } catch (error) {
      if (chosenTrial().name !== chosen.name || chosenTrial().score !== chosen.score || !el.isConnected) return;
      replace(el, head(chosen, ''), aborted(error) ? h('p', { class: 'dim' }, 'Given up.') : errorBox(error, again));
      el.dataset.state = 'error';
    } finally {
      clearTimeout(slow);
    }
  }

  return {
    el,
    /** Unless it is there already for this time range: a trial costs more than a look. */
    run() {
      const { try: tried, from, to } = state.get();
      const wanted = [tried, from, to].join(' ');
      if (tried && wanted === shownFor) return undefined;
      shownFor = wanted;
      return again();
    },
    destroy() {
      latest.cancel();
      clear();
    },
  };
}
