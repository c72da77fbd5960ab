// Traces of the score chart and of the expected band.

import { seriesColor, seriesDash, toPlot, countAxis, plotText } from '../chart.js';
import { theme } from '../theme.js';
import { fixed } from '../format.js';
import { amount, isCount, isShare, skipsEmpty } from '../detectors.js';
import { peaks, withGaps, withZeros, seriesLabel } from './model.js';

const MARKS_WITH_LABEL = 6;

// In whole steps, so that the axis does not creep with every refresh.
function axis({ from, to, step_ms: step }, series) {
  const start = Math.floor((from ?? series[0].times[0]) / step) * step;
  const end = Math.ceil((to ?? series[0].times.at(-1)) / step) * step;
  return { range: [toPlot(start), toPlot(end)], nticks: 6 };
}

/** top: the upper end of the scale; width: of the plot in pixels */
export function drawScores(model, top, width = 600) {
  const { scores, bar: threshold, chosen } = model;
  const { series, step_ms: step } = scores;
  const marks = [];
  const traces = series.map((s, i) => {
    const [times, score] = withGaps(s.times, step, s.score);
    for (const peak of peaks(s, threshold)) marks.push({ ...peak, time: s.times[peak.i], series: i });
    return { type: 'scatter', mode: 'lines', name: seriesLabel(s.series), x: times.map(toPlot), y: score, connectgaps: skipsEmpty(model.detector), meta: { series: s.series },
      line: { color: seriesColor(i), width: i === chosen ? 2 : 1.25, dash: seriesDash(i) }, opacity: i === chosen ? 1 : 0.75, hovertemplate: '%{y:.1f}' };
  });
  // The chosen one lies on top of the others.
  if (chosen >= 0) traces.push(...traces.splice(chosen, 1));
  if (marks.length) traces.push(markers(marks, series, scores, top, width));
  const lowest = Math.min(0, ...series.map((s) => s.score.reduce((a, b) => Math.min(a, b ?? 0), 0)));
  const bottom = lowest < -threshold * 0.6 ? Math.min(lowest * 1.15, -threshold * 1.1) : Math.max(lowest * 1.1, -2.5);
  const across = (y, line) => ({ type: 'line', xref: 'paper', x0: 0, x1: 1, y0: y, y1: y, line });
  const shapes = bottom < -threshold ? [across(-threshold, { color: theme.color('text-3'), width: 1, dash: 'dot' })] : [];
  // A threshold that cannot be dragged is part of the picture.
  const annotations = model.isPicture ? [] : [{ xref: 'paper', x: 0, y: threshold, xanchor: 'left', yanchor: 'bottom', text: `fires from ${fixed(threshold, 1)}`, showarrow: false, font: { size: 11, color: theme.color('danger') } }];
  if (!model.isPicture) shapes.push(across(threshold, { color: theme.color('danger'), width: 1.5, dash: 'dash' }));
  return { traces, layout: { shapes, annotations, xaxis: axis(scores, series), yaxis: { range: [Math.min(bottom, 0), top], rangemode: 'normal', tickformat: 'd', zeroline: true, nticks: 6 } } };
}

/** A triangle on each peak, pointing the way it left; the highest say which service and how far. */
function markers(marks, series, { from, to }, top, pixels) {
  marks.sort((a, b) => Math.abs(b.score) - Math.abs(a.score));
  const labelled = [];
  const width = to - from;
  for (const mark of marks) {
    // A label is about 110 by 16 pixels.
    const crowded = labelled.some((other) => Math.abs(other.time - mark.time) < (width * 110) / pixels && Math.abs(other.score - mark.score) < top * 0.12);
    mark.label = '';
    if (!crowded && labelled.length < MARKS_WITH_LABEL) {
      mark.label = `${seriesLabel(series[mark.series].series)} ${fixed(mark.score, 1)}`;
      labelled.push(mark);
    }
  }
  return { type: 'scatter', mode: 'markers+text', name: 'anomaly', meta: 'skip', hoverinfo: 'skip', cliponaxis: false,
    x: marks.map((m) => toPlot(m.time)), y: marks.map((m) => m.score), text: marks.map((m) => plotText(m.label)),
    textposition: marks.map((m) => (m.time - from > width * 0.88 ? 'top left' : m.time - from < width * 0.1 ? 'top right' : 'top center')),
    textfont: { size: 11, color: theme.color('text') },
    marker: { symbol: marks.map((m) => (m.score > 0 ? 'triangle-up' : 'triangle-down')), size: 10, color: marks.map((m) => seriesColor(m.series)), line: { width: 1.5, color: theme.color('bg') } } };
}

/** What would have been normal: around the expected value as far as the threshold says, or as the detector says. */
function bounds(model, { expected, scale, low, high }) {
  if (!model.isPicture) return { low, high };
  const at = (sign) => expected.map((e, i) => (e === null ? null : Math.max(0, e + sign * model.threshold * scale[i])));
  return { low: at(-1), high: at(1) };
}

function bandAxis(detector, series) {
  const numbers = series.flat().filter((v) => v !== null);
  const highest = numbers.reduce((a, b) => Math.max(a, b), 0);
  if (isShare(detector)) return { range: [0, Math.min(1, Math.max(highest * 1.1, 0.01))], tickformat: highest < 0.1 ? '.1%' : '.0%', rangemode: 'normal' };
  if (isCount(detector)) return { ...countAxis(highest * 1.06), rangemode: 'normal' };
  const lowest = numbers.reduce((a, b) => Math.min(a, b), highest);
  const room = (highest - lowest || Math.abs(highest) || 1) * 0.08;
  return { range: [lowest - room, highest + room], rangemode: 'normal' };
}

/** The band as areas of its own, one for each stretch without a gap. */
function shaded(x, low, high) {
  const area = { x: [], y: [] };
  for (let i = 0; i < x.length; i += 1) {
    const start = i;
    while (i < x.length && low[i] !== null && high[i] !== null) i += 1;
    const there = Array.from({ length: i - start }, (_, k) => start + k);
    const back = [...there].reverse();
    if (there.length > 1) {
      area.x.push(...[...there, ...back].map((k) => x[k]), null);
      area.y.push(...there.map((k) => high[k]), ...back.map((k) => low[k]), null);
    }
  }
  return { type: 'scatter', mode: 'lines', name: 'band', meta: 'skip', hoverinfo: 'skip', connectgaps: false, ...area, line: { width: 0 }, fill: 'toself', fillcolor: theme.color('band') };
}

export function drawBand(model) {
  const { scores, bar, chosen, detector } = model;
  const s = skipsEmpty(detector) ? withZeros(scores.series[chosen]) : scores.series[chosen];
  const [times, observed, expected, scale, score, ownLow, ownHigh] = withGaps(s.times, scores.step_ms, s.observed, s.expected, s.scale, s.score, s.low, s.high);
  const { low, high } = bounds(model, { expected, scale, low: ownLow, high: ownHigh });
  const x = times.map(toPlot);
  const marked = peaks({ score }, bar);
  const color = seriesColor(chosen);
  const none = { width: 0, color: 'rgba(0,0,0,0)' };
  const share = isShare(detector);
  const [exact, rough] = share ? ['%{y:.2%}', '%{y:.2%}'] : isCount(detector) ? ['%{y:,}', '%{y:.1f}'] : ['%{y:,.4~g}', '%{y:,.4~g}'];
  const line = (name, y, more) => ({ type: 'scatter', mode: 'lines', name, x, y, connectgaps: false, hovertemplate: rough, ...more });
  return {
    traces: [
      shaded(x, low, high),
      line('low', low, { line: none }),
      line('high', high, { line: none }),
      line('expected', expected, { line: { color: theme.color('text-3'), width: 1, dash: 'dot' } }),
      line('observed', observed, { line: { color, width: 1.5 }, connectgaps: skipsEmpty(detector), hovertemplate: exact }),
      { type: 'scatter', mode: 'markers+text', name: 'anomaly', meta: 'skip', hoverinfo: 'skip', cliponaxis: false, x: marked.map((m) => x[m.i]), y: marked.map((m) => observed[m.i]), text: marked.map((m) => (model.isPicture ? String(observed[m.i]) : amount(detector, observed[m.i]))), textposition: 'top center', textfont: { size: 11, color: theme.color('text') },
        marker: { symbol: marked.map((m) => (m.score > 0 ? 'triangle-up' : 'triangle-down')), size: 10, color, line: { width: 1.5, color: theme.color('bg') } } },
    ],
    layout: { xaxis: axis(scores, scores.series), yaxis: bandAxis(detector, [observed, high, isCount(detector) ? [] : low]) },
  };
}
