// Charts through Plotly, loaded when the first one is drawn. A chart is given a function that builds traces from the
// theme, so that it can be drawn again when the theme changes. Dragging across selects a time range; a double click
// resets; gaps stay gaps. Saving as PNG, SVG or CSV is in the menu of saveMenu().

import { h } from './dom.js';
import { named } from './controls.js';
import { fromPlot, overChange, shifted } from './plottime.js';
import { theme } from './theme.js';
import { menu, button, saveFile, toast } from './ui.js';

export { toPlot } from './plottime.js';

const HOME = '/vendor/plotly.js-basic-dist-min-4.1.1/';
let library = null;

function load() {
  library ??= new Promise((resolve, reject) => {
    // Plotly would insert style rules, which the CSP forbids; a stylesheet under this id and class stands in for them.
    document.head.append(h('link', { rel: 'stylesheet', id: 'plotly.js-style-global', class: 'no-inline-styles', href: `${HOME}plotly-basic.css` }));
    document.head.append(h('script', { src: `${HOME}plotly-basic.min.js`, onload: () => resolve(window.Plotly),
      onerror: () => { library = null; reject(new Error('The chart library could not be loaded.')); } }));
  });
  return library;
}

/** Plotly reads text as simple markup; what comes from logs is text. Trace names are taken care of here. */
export const plotText = (text) => (typeof text === 'string' ? named(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;') : text);
export const plainText = (text) => (typeof text === 'string' ? text.replaceAll('&lt;', '<').replaceAll('&amp;', '&') : text);

/** At most `limit` series: the others become one called "other" (sum of what merge says). */
export const MAX_SERIES = 8;
/** Colour and dash of the n-th series, in the theme of now. */
export const seriesColor = (n) => theme.color(`series-${(n % MAX_SERIES) + 1}`);
export const seriesDash = (n) => ['solid', 'dash', 'dot', 'dashdot', 'longdash', 'solid', 'dash', 'dot'][n % MAX_SERIES];

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

function baseLayout(height, extra, shift) {
  const font = { family: FONT, size: 11, color: theme.color('text-2') };
  const axis = { gridcolor: theme.color('grid'), linecolor: theme.color('line'), zerolinecolor: theme.color('line'), tickfont: font,
    ticks: '', fixedrange: true, automargin: false };
  const layout = {
    height, font, showlegend: false, autosize: true, barmode: 'stack', bargap: 0.12,
    paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)', margin: { l: 44, r: 10, t: 8, b: 24 },
    hovermode: 'x unified', dragmode: matchMedia('(pointer: coarse)').matches ? false : 'zoom', hoverdistance: 40,
    hoverlabel: { bgcolor: theme.color('raised'), bordercolor: theme.color('line'), font: { family: FONT, size: 12, color: theme.color('text') }, align: 'left' },
    ...extra,
  };
  // Within a day the hours say enough; over several the date stands below.
  const isTime = !['category', 'linear'].includes(extra?.xaxis?.type);
  const [start, end] = isTime ? (extra?.xaxis?.range ?? []).map((text) => fromPlot(text, shift)) : [];
  const days = !start || new Date(start).toDateString() !== new Date(end - 1).toDateString() && end - start > 43200000;
  if (days && extra?.xaxis?.type !== 'category') layout.margin = { ...layout.margin, b: 36 };
  layout.xaxis = { ...axis, type: 'date', showgrid: false, fixedrange: false, hoverformat: '%a %-d %b %H:%M', nticks: 8,
    tickformatstops: [
      { dtickrange: [null, 60000], value: '%H:%M:%S' }, { dtickrange: [60000, 86400000], value: days ? '%H:%M\n%-d %b' : '%H:%M' }, { dtickrange: [86400000, null], value: '%-d %b\n%Y' },
    ], ...extra?.xaxis, ...overChange(start, end, shift, { days, count: extra?.xaxis?.nticks ?? 8 }) };
  layout.yaxis = { ...axis, rangemode: 'tozero', nticks: 5, tickformat: '~s', showgrid: true, zeroline: false, ...extra?.yaxis };
  return layout;
}

/** Ticks of a count axis: whole numbers only, SI above a thousand. */
export function countAxis(max) {
  const top = max > 0 ? max * 1.08 : 1;
  return { range: [0, Math.max(top, 1)], tickformat: max < 10 ? ',d' : '~s', ...(max < 5 ? { dtick: 1 } : {}) };
}

/**
 * createChart(host, { height, label, onBrush(from, to), onReset(), onPoint(point, event) })
 * render(build): build() -> { traces, layout }, called again when the theme changes. In traces, x is toPlot(ms).
 */
export function createChart(host, { height = 180, label = 'Chart', onBrush, onReset, onPoint } = {}) {
  const plot = h('div', { class: 'chart-plot', role: 'img', 'aria-label': label, style: { height: `${height}px` } });
  const wrap = h('div', { class: 'chart', style: { minHeight: `${height}px` } }, plot);
  host.append(wrap);
  let build = null;
  let Plotly = null;
  let queued = null;
  let dead = false;
  let drawn = '';
  let width = 0;
  let shift = 0;
  const afterwards = new Set();

  function wire() {
    plot.on('plotly_relayout', (change) => {
      if (change['xaxis.range[0]'] === undefined) return;
      const [from, to] = [fromPlot(change['xaxis.range[0]'], shift), fromPlot(change['xaxis.range[1]'], shift)];
      onBrush?.(Math.min(from, to), Math.max(from, to));
    });
    plot.on('plotly_doubleclick', () => { onReset?.(); return false; });
    plot.on('plotly_click', (event) => { if (event.points?.length) onPoint?.(event.points[0], event); });
    plot.on('plotly_afterplot', () => { for (const fn of afterwards) fn(plot); });
  }

  async function draw() {
    Plotly ??= await load();
    if (dead || !build) return;
    // A redraw would take the brush away from under the pointer.
    if (plot._dragging) {
      await new Promise((resolve) => { setTimeout(resolve, 150); });
      return draw();
    }
    const [{ traces, layout }, own] = shifted(build);
    shift = own;
    const first = !plot.data;
    // Most refreshes bring nothing new; drawing the same again would only cost.
    const key = JSON.stringify([width, traces, layout]);
    if (!first && key === drawn) return;
    drawn = key;
    const named = traces.map((trace) => (trace.name === undefined ? trace : { ...trace, name: plotText(trace.name) }));
    await Plotly.react(plot, named, baseLayout(height, { width: plot.clientWidth || undefined, ...layout }, shift),
      { displayModeBar: false, displaylogo: false, responsive: false, doubleClick: false, doubleClickDelay: 300, showTips: false, scrollZoom: false, showAxisDragHandles: false });
    if (first) wire();
  }

  const schedule = () => {
    queued ??= new Promise((resolve) => { requestAnimationFrame(resolve); }).then(() => { queued = null; return draw(); });
    return queued;
  };
  const offTheme = theme.subscribe(() => {
    drawn = '';
    if (build) schedule();
  });
  const observer = new ResizeObserver(() => {
    if (plot.clientWidth && plot.clientWidth !== width) {
      width = plot.clientWidth;
      if (build) schedule();
    }
  });
  observer.observe(plot);
  // While the data is on its way.
  load().catch(() => undefined);

  const chart = {
    el: wrap, plot,
    /** Draws; answers with a promise that fails when the library cannot be loaded. */
    render(fn) {
      build = fn;
      return schedule();
    },
    label: (text) => plot.setAttribute('aria-label', text),
    /** fn(plot) after every drawing; for overlays. */
    onDraw: (fn) => { afterwards.add(fn); return () => afterwards.delete(fn); },
    /** Value <-> pixel in the chart's box, once drawn; null before. */
    toY: (value) => { const a = plot._fullLayout?.yaxis; return a ? a._offset + a.d2p(value) : null; },
    fromY: (pixel) => { const a = plot._fullLayout?.yaxis; return a ? a.p2d(pixel - a._offset) : null; },
    area: () => plot._fullLayout?._size ?? null,
    async save(format, name) {
      try {
        Plotly ??= await load();
        const title = { text: plotText(label), font: { size: 14, color: theme.color('text') }, x: 0.01, xanchor: 'left' };
        const layout = { ...plot.layout, paper_bgcolor: theme.color('bg'), showlegend: plot.data.length > 1, title, legend: { orientation: 'h', y: -0.15 }, margin: { l: 56, r: 16, t: 44, b: 48 } };
        await Plotly.downloadImage({ data: plot.data, layout }, { format, filename: `pintail-${name}`, width: 1200, height: 480, scale: format === 'png' ? 2 : 1 });
      } catch (error) {
        toast(`The picture could not be made: ${error.message ?? error}`, { kind: 'error' });
      }
    },
    /** What is drawn as CSV: time in ISO 8601, a column per series. */
    csv() {
      const named = (plot.data ?? []).filter((t) => t.name && t.x && t.meta !== 'skip');
      const rows = new Map();
      named.forEach((t, i) => t.x.forEach((x, k) => {
        if (!rows.has(x)) rows.set(x, Array(named.length).fill(''));
        rows.get(x)[i] = t.y[k] ?? '';
      }));
      const quote = (text) => (/[",\n]/.test(text) ? `"${String(text).replaceAll('"', '""')}"` : text);
      const first = plot.layout?.xaxis?.type === 'date' ? 'time' : 'x';
      return [[first, ...named.map((t) => quote(plainText(t.name)))].join(','),
        ...[...rows].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([x, cells]) => [first === 'time' ? new Date(fromPlot(x, shift)).toISOString() : quote(plainText(x)), ...cells].join(','))].join('\n') + '\n';
    },
    destroy() {
      dead = true;
      offTheme();
      observer.disconnect();
      if (Plotly && plot.data) Plotly.purge(plot);
      wrap.remove();
    },
  };
  return chart;
}

/** The button that saves a chart. */
export function saveMenu(chart, name) {
  return menu(button({ iconName: 'more', title: `Save ${name}`, quiet: true, test: `chart-menu-${name}` }), () => [
    { label: 'Save as PNG', run: () => chart.save('png', name), test: 'save-png' },
    { label: 'Save as SVG', run: () => chart.save('svg', name), test: 'save-svg' },
    { label: 'Save data as CSV', run: () => saveFile(`pintail-${name}.csv`, chart.csv(), 'text/csv'), test: 'save-csv' },
  ], { label: 'Save' });
}
