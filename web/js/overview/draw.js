// Traces of the score chart and of the expected band.

import { seriesColor, seriesDash, toPlot, countAxis, plotText } from '../chart.js';
import { theme } from '../theme.js';
import { fixed } from '../format.js';
import { peaks, withGaps, seriesLabel } from './model.js';

const MARKS_WITH_LABEL = 6;

// In whole steps, so that the axis does not creep with every refresh.
function axis({ from, to, step_ms: step }, series) {
  const start = Math.floor((from ?? series[0].times[0]) / step) * step;
  const end = Math.ceil((to ?? series[0].times.at(-1)) / step) * step;
  return { range: [toPlot(start), toPlot(end)], nticks: 6 };
}

/** top: the upper end of the scale; width: of the plot in pixels */
export function drawScores(model, top, width = 600) {
  const { scores, threshold, chosen } = model;
  const { series, step_ms: step } = scores;
  const marks = [];
  const traces = series.map((s, i) => {
    const [times, score] = withGaps(s.times, step, s.score);
    for (const peak of peaks(s, threshold)) marks.push({ ...peak, time: s.times[peak.i], series: i });
    return { type: 'scatter', mode: 'lines', name: seriesLabel(s.series), x: times.map(toPlot), y: score, connectgaps: false, meta: { series: s.series },
      line: { color: seriesColor(i), width: i === chosen ? 2 : 1.25, dash: seriesDash(i) }, opacity: i === chosen ? 1 : 0.75, hovertemplate: '%{y:.1f}' };
  });
  // The chosen one lies on top of the others.
  if (chosen >= 0) traces.push(...traces.splice(chosen, 1));
  if (marks.length) traces.push(markers(marks, series, scores, top, width));
  const lowest = Math.min(0, ...series.map((s) => s.score.reduce((a, b) => Math.min(a, b ?? 0), 0)));
  const bottom = lowest < -threshold * 0.6 ? Math.min(lowest * 1.15, -threshold * 1.1) : Math.max(lowest * 1.1, -2.5);
  const shapes = bottom < -threshold ? [{ type: 'line', xref: 'paper', x0: 0, x1: 1, y0: -threshold, y1: -threshold, line: { color: theme.color('text-3'), width: 1, dash: 'dot' } }] : [];
  return { traces, layout: { shapes, xaxis: axis(scores, series), yaxis: { range: [Math.min(bottom, 0), top], rangemode: 'normal', tickformat: 'd', zeroline: true, nticks: 6 } } };
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

export function drawBand(model) {
  const { scores, threshold, chosen } = model;
  const s = scores.series[chosen];
  const [times, observed, expected, scale, score] = withGaps(s.times, scores.step_ms, s.observed, s.expected, s.scale, s.score);
  const x = times.map(toPlot);
  const high = expected.map((e, i) => (e === null ? null : e + threshold * scale[i]));
  const low = expected.map((e, i) => (e === null ? null : Math.max(0, e - threshold * scale[i])));
  const marked = peaks({ score }, threshold);
  const color = seriesColor(chosen);
  const none = { width: 0, color: 'rgba(0,0,0,0)' };
  const highest = Math.max(...observed.map((v) => v ?? 0), ...high.map((v) => v ?? 0));
  return {
    traces: [
      { type: 'scatter', mode: 'lines', name: 'low', x, y: low, line: none, hovertemplate: '%{y:.1f}', connectgaps: false },
      { type: 'scatter', mode: 'lines', name: 'high', x, y: high, line: none, fill: 'tonexty', fillcolor: theme.color('band'), hovertemplate: '%{y:.1f}', connectgaps: false },
      { type: 'scatter', mode: 'lines', name: 'expected', x, y: expected, line: { color: theme.color('text-3'), width: 1, dash: 'dot' }, hovertemplate: '%{y:.1f}', connectgaps: false },
      { type: 'scatter', mode: 'lines', name: 'observed', x, y: observed, line: { color, width: 1.5 }, hovertemplate: '%{y:,}', connectgaps: false },
      { type: 'scatter', mode: 'markers+text', name: 'anomaly', meta: 'skip', hoverinfo: 'skip', cliponaxis: false, x: marked.map((m) => x[m.i]), y: marked.map((m) => observed[m.i]), text: marked.map((m) => String(observed[m.i])), textposition: 'top center', textfont: { size: 11, color: theme.color('text') },
        marker: { symbol: marked.map((m) => (m.score > 0 ? 'triangle-up' : 'triangle-down')), size: 10, color, line: { width: 1.5, color: theme.color('bg') } } },
    ],
    layout: { xaxis: axis(scores, scores.series), yaxis: { ...countAxis(highest * 1.06), rangemode: 'normal' } },
  };
}
