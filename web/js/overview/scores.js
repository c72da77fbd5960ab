// The anomaly score of every series with the threshold, and beside it the chosen series' counts against what was expected.

import { h, replace, setText, svg } from '../dom.js';
import { panel } from '../ui.js';
import { createChart, saveMenu, seriesColor, seriesDash, toPlot } from '../chart.js';
import { timerange } from '../timerange.js';
import { href, state } from '../state.js';
import { newest, aborted } from '../api.js';
import { fixed, duration } from '../format.js';
import { measureOf, PICTURE } from '../detectors.js';
import { searchOf, subjectOf } from '../subject.js';
import { chooser } from './chooser.js';
import { model, seriesLabel, THRESHOLD_MIN, THRESHOLD_MAX } from './model.js';
import { thresholdLine } from './threshold.js';
import { drawScores, drawBand } from './draw.js';

const DASHES = { solid: '', dash: '5 3', dot: '1.5 3', dashdot: '5 2 1.5 2', longdash: '8 3' };

export function scorePanels(ctx, { onThreshold }) {
  const latest = newest();
  const scores = panel({ title: 'Anomaly score', test: 'panel-scores', className: 'span-6' });
  const band = panel({ title: 'Observed and expected', test: 'panel-band', className: 'span-6' });
  const options = { height: 208, onBrush: timerange.zoom, onReset: timerange.reset };
  const chart = createChart(scores.body, { ...options, label: 'Anomaly score by service', onPoint: (point) => point.data.meta?.series !== undefined && choose(point.data.meta.series) });
  const bandChart = createChart(band.body, { ...options, label: 'Observed counts and expected band' });
  const legend = h('div', { class: 'chips', role: 'group', 'aria-label': 'Series', 'data-test': 'series-legend' });
  const bandLegend = h('div', { class: 'chips chips-note' });
  scores.body.append(legend);
  band.body.append(bandLegend);

  const slider = h('input', { type: 'range', class: 'range', id: 'threshold', min: THRESHOLD_MIN, max: THRESHOLD_MAX, step: 0.1, value: model.threshold, 'data-test': 'threshold-slider' });
  const output = h('output', { class: 'range-value', for: 'threshold', 'data-test': 'threshold-value' });
  const level = h('select', { class: 'select', 'aria-label': 'Levels counted', 'data-test': 'score-level', onchange: () => state.set({ level: level.value === 'ERROR' ? null : level.value }) },
    [['WARN', 'WARN and above'], ['ERROR', 'ERROR and above'], ['FATAL', 'FATAL']].map(([value, text]) => h('option', { value }, text)));
  level.value = model.level;
  const whose = chooser(ctx);
  const name = h('label', { class: 'field threshold-name', for: 'threshold' }, 'Threshold');
  // What only the picture has.
  const own = [level, name, slider, output];
  scores.tools.append(...whose.els, ...own, saveMenu(chart, 'anomaly-score'));
  band.tools.append(saveMenu(bandChart, 'observed-expected'));

  let commit = null;
  let top = null;
  // The URL follows when the value rests: browsers refuse hundreds of history entries in a row.
  function input(value) {
    model.dragged = value;
    sync();
    draw();
    onThreshold();
    later();
  }
  function later() {
    clearTimeout(commit);
    commit = setTimeout(() => { if (!line.dragging) keep(); }, 250);
  }
  function keep() {
    clearTimeout(commit);
    const value = model.dragged;
    if (value === null) return;
    model.dragged = null;
    state.set({ threshold: String(value) }, { replace: true });
  }
  slider.addEventListener('input', () => input(Number(slider.value)));
  const line = thresholdLine(chart, { min: THRESHOLD_MIN, max: THRESHOLD_MAX, get: () => model.threshold, shown: () => model.isPicture, onInput: input, onChange: later });

  function sync() {
    const text = fixed(model.threshold, 1);
    if (slider.value !== String(model.threshold)) slider.value = model.threshold;
    slider.setAttribute('aria-valuetext', `${text} standard deviations`);
    setText(output, `${text} σ`);
    level.value = model.level;
    for (const el of own) el.hidden = model.wanted !== PICTURE;
    whose.sync();
    line.place();
  }

  sync();
  const choose = (series) => state.set({ series: series || null }, { replace: true });

  function drawLegend() {
    const { series, more_series: more, step_ms: step } = model.scores;
    const focused = legend.contains(document.activeElement) ? document.activeElement.dataset.series : null;
    replace(legend, series.map((s, i) => {
      const highest = s.score.reduce((a, b) => (b !== null && (a === null || Math.abs(b) > Math.abs(a)) ? b : a), null);
      return h('button', { type: 'button', class: 'chip', 'aria-pressed': String(i === model.chosen), 'data-test': 'series-chip', 'data-series': s.series, title: 'Show observed against expected', onclick: () => choose(s.series) },
        svg('svg', { width: 18, height: 8, viewBox: '0 0 18 8', 'aria-hidden': 'true', class: 'chip-line' }, svg('line', { x1: 0, x2: 18, y1: 4, y2: 4, stroke: seriesColor(i), 'stroke-width': 2, 'stroke-dasharray': DASHES[seriesDash(i)] || null })),
        seriesLabel(s.series), h('span', { class: 'chip-value' }, highest === null ? 'learning' : fixed(highest, 1)));
    }), step > 60000 && h('span', { class: 'dim chip-more' }, `highest of each ${duration(step / 1000)}`), more > 0 && h('span', { class: 'dim chip-more' }, `and ${more} calmer`));
    if (focused !== null) [...legend.children].find((el) => el.dataset.series === focused)?.focus();
  }

  async function draw() {
    const list = model.scores?.series ?? [];
    if (!list.length) return;
    const chosen = list[model.chosen];
    drawLegend();
    // The scale stands still while the line is dragged over it.
    if (!line.dragging) {
      const highest = Math.max(...list.map((s) => s.score.reduce((a, b) => Math.max(a, b ?? 0), 0)));
      top = Math.max(highest * 1.18, model.bar * 1.3, model.isPicture ? 4 : 0);
    }
    const about = model.isPicture ? { service: chosen.series, min_level: model.level } : subjectOf(model.detector, chosen.series);
    band.note(h('a', { href: href({ view: 'explore', q: searchOf(about) }), 'data-test': 'band-series' }, seriesLabel(chosen.series)));
    setText(bandLegend, model.isPicture ? `Shaded: expected ± ${fixed(model.threshold, 1)} × the usual spread, from the ${duration(model.scores.window_minutes * 60)} before`
      : `${measureOf(model.detector)}. Shaded: what the detector takes as normal. ${whose.threshold(model.bar)}`);
    await Promise.all([chart.render(() => drawScores(model, top, Math.max(200, chart.plot.clientWidth - 54))), bandChart.render(() => drawBand(model))]);
  }

  function whyNothing() {
    const word = model.level === 'FATAL' ? 'FATAL' : `${model.level} and above`;
    if (model.isPicture) return `A score needs records at ${word} and half an hour of past before them.`;
    if (model.detector === 'values') return 'No number in the fields of this service has enough past in this time range.';
    return `${model.detector} judged nothing of this service in this time range: it needs more past${['silence', 'shift'].includes(model.detector) ? ', a day of it at least' : ''}.`;
  }

  async function show() {
    const { series } = model.scores;
    if (!series.length || series.every((s) => !s.times.length)) {
      band.note('');
      replace(legend);
      setText(bandLegend, '');
      scores.empty({ title: 'Nothing to score here', text: whyNothing() });
      band.empty({ title: 'Nothing to show' });
      return;
    }
    sync();
    await draw();
    scores.ready();
    band.ready();
    line.place();
  }

  function nothing(text) {
    model.scores = null;
    sync();
    scores.empty({ title: 'Nothing to score here', text });
    band.empty({ title: 'Nothing to show' });
  }

  async function ask(signal) {
    const asked = { ...state.range(), points: 600 };
    if (model.wanted === PICTURE) return ctx.api.get('scores', { ...asked, level: model.level }, { signal });
    const service = await whose.serviceOf(signal);
    return service === null ? null : ctx.api.get('scores', { ...asked, detector: model.wanted, service }, { signal });
  }

  whose.load();
  return {
    els: [scores.el, band.el],
    async load() {
      scores.loading();
      band.loading();
      sync();
      try {
        const answer = await latest(ask);
        if (line.dragging) return undefined;
        if (answer === null) return nothing('No record of this time range has a service.');
        model.scores = answer;
        await show();
        return undefined;
      } catch (error) {
        if (aborted(error) || (error.offline && scores.filled)) return undefined;
        scores.error(error, () => this.load());
        band.error(error, () => this.load());
        return undefined;
      }
    },
    /** Threshold or chosen series changed: nothing to fetch. */
    redraw() {
      sync();
      return draw();
    },
    destroy() {
      keep();
      latest.cancel();
      chart.destroy();
      bandChart.destroy();
      model.scores = null;
    },
  };
}
