// A result as a chart: line, bar or scatter, with x, y and split chosen from its columns.
import { h, replace } from '../dom.js';
import { createChart, plainText, plotText, saveMenu, seriesColor, seriesDash, toPlot } from '../chart.js';
import { empty, errorBox } from '../ui.js';
import { LEVELS, levelColor } from '../levels.js';
import { theme } from '../theme.js';
import { kindOf, series, settle, withGaps } from './shape.js';

const LABELS = 40;
const shorten = (text) => (text.length > 24 ? `${text.slice(0, 23)}…` : text);

/** choice: {type, x, y, split} from the address; onChoice(choice) when the user chose another. */
export function createPlot(place, result, choice, onChoice) {
  const now = settle(result, choice);
  if (!now) {
    place.append(empty({
      title: 'Nothing to draw',
      text: result.rows.length ? 'A chart needs a column of numbers and one of times, names or other numbers.' : 'The result has no rows.',
    }));
    return { destroy() { place.textContent = ''; } };
  }
  const names = result.columns.map((column) => column.name);
  const numbers = result.columns.filter((column) => kindOf(column.type) === 'number').map((column) => column.name);
  const select = (key, label, options) => {
    const element = h('select', { class: 'select', id: `plot-${key}`, 'data-test': `chart-${key}` }, options.map(([value, text]) => h('option', { value }, text)));
    element.value = now[key];
    element.addEventListener('change', () => { now[key] = element.value; zoom = null; onChoice({ ...now }); draw(); });
    return h('label', { class: 'plot-choice', for: `plot-${key}` }, h('span', null, label), element);
  };
  const plain = (list) => list.map((name) => [name, name]);
  const box = h('div', { class: 'plot-box' });
  const note = h('p', { class: 'plot-note dim' });
  const bar = h('div', { class: 'plot-bar' },
    select('type', 'Chart', [['line', 'Line'], ['bar', 'Bar'], ['scatter', 'Scatter']]),
    select('x', 'x', plain(names)),
    select('y', 'y', [...plain(numbers), ...(numbers.length > 1 ? [['*', 'every number']] : [])]),
    select('split', 'Split by', [['', 'nothing'], ...plain(names)]));
  place.append(bar, box, note);
  let zoom = null;
  const chart = createChart(box, {
    height: Math.max(240, Math.min(560, place.clientHeight - 84)), label: 'Chart of the result',
    onBrush: (from, to) => { zoom = [from, to]; draw(); }, onReset: () => { zoom = null; draw(); },
  });
  bar.append(h('span', { class: 'plot-save' }, saveMenu(chart, 'result')));

  async function draw() {
    const { kind, list, added } = series(result, now);
    note.textContent = [
      added ? 'Rows with the same x are added up.' : '',
      list.some((each) => each.other) ? 'The eight largest are drawn by themselves, the rest together as “other”.' : '',
      result.truncated ? 'Drawn from the rows shown, not from all.' : '',
    ].filter(Boolean).join(' ');
    const label = `${now.y === '*' ? 'Numbers' : now.y} by ${now.x}${now.split ? `, split by ${now.split}` : ''}`;
    chart.label(label);
    try {
      await chart.render(() => build(kind, list, now, zoom));
    } catch (error) {
      replace(box, errorBox(error));
    }
  }
  draw();
  return {
    destroy() {
      chart.destroy();
      place.textContent = '';
    },
  };
}

/** Of few points all have a dot; of many those that have no line to their neighbours, which nothing else would show. */
const dots = ({ y }) => y.map((value, i) => (y.length <= 60 || (value !== null && (y[i - 1] ?? null) === null && (y[i + 1] ?? null) === null) ? 4 : 0));

/** Levels look as everywhere; "other" is grey and dashed, so that it is none of the others. */
function styles(list) {
  const levelOf = (name) => (name === 'NULL' ? null : name);
  const levels = list.length > 1 && list.every(({ name, other }) => !other && LEVELS.includes(levelOf(name)));
  return list.map(({ name, other }, n) => {
    if (other) return { color: theme.color('text-3'), dash: 'dot' };
    return levels ? { color: levelColor(levelOf(name)), dash: 'solid' } : { color: seriesColor(n), dash: seriesDash(n) };
  });
}

function build(kind, rows, choice, zoom) {
  const at = (value) => (value === null ? null : kind === 'time' ? toPlot(value) : plotText(value));
  const list = kind === 'time' && choice.type === 'line' ? withGaps(rows) : rows;
  const looks = styles(list);
  const many = list.reduce((sum, each) => sum + each.x.length, 0) > 4000;
  const traces = list.map((each, n) => {
    const base = { name: each.name, x: each.x.map(at), y: each.y, hovertemplate: '%{y}' };
    if (choice.type === 'bar') return { ...base, type: 'bar', marker: { color: looks[n].color } };
    if (choice.type === 'scatter') return { ...base, type: 'scatter', mode: 'markers', marker: { color: looks[n].color, size: many ? 4 : 6, symbol: n, opacity: 0.75 } };
    return { ...base, type: 'scatter', mode: 'lines+markers', connectgaps: false, marker: { size: dots(each), color: looks[n].color, line: { width: 0 } }, line: { ...looks[n], width: 1.5 } };
  });
  // Names may be whole messages, and many: then some of them, shortened.
  const names = kind === 'text' || kind === 'nested' ? [...new Set(traces.flatMap((trace) => trace.x))] : [];
  const labels = names.filter((_, i) => i % Math.ceil(names.length / LABELS) === 0);
  const type = { time: 'date', number: 'linear' }[kind] ?? 'category';
  return {
    traces,
    layout: {
      barmode: choice.split || choice.y === '*' ? 'stack' : 'group', margin: { l: 64, r: 12, t: 10, b: type === 'category' ? 72 : 40 },
      showlegend: list.length > 1, legend: { orientation: 'h', y: 1.02, yanchor: 'bottom', x: 0 },
      hovermode: choice.type === 'scatter' ? 'closest' : 'x unified',
      xaxis: {
        type, automargin: true, range: zoom ? zoom.map(at) : undefined, autorange: !zoom, fixedrange: type === 'category',
        ...(type === 'date' ? {} : { tickformatstops: [], hoverformat: '' }),
        ...(type === 'category' ? { tickvals: labels, ticktext: labels.map((name) => plotText(shorten(plainText(name)))) } : {}), title: { text: plotText(choice.x), standoff: 8 },
      },
      yaxis: { automargin: true, rangemode: choice.type === 'scatter' ? 'normal' : 'tozero', title: { text: choice.y === '*' ? '' : plotText(choice.y), standoff: 8 } },
    },
  };
}
