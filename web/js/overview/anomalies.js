// The table of anomalies: what the monitor found, or what the z-score has above the threshold. A row opens the records of
// its window.

import { h, replace } from '../dom.js';
import { panel, button } from '../ui.js';
import { createTable } from '../table.js';
import { state } from '../state.js';
import { newest, aborted } from '../api.js';
import { fixed, duration, timeTag, plural } from '../format.js';
import { whyColumn } from '../why.js';
import { markColumn, verdictTag } from '../marks.js';
import { amount } from '../detectors.js';
import { searchOf, whyOf, subjectLabel, subjectLevel, levelText } from '../subject.js';
import { model } from './model.js';

/** Entries of a series that are no further apart belong together. */
const APART_MAX = 30 * 60000;

const ms = (t) => new Date(t).getTime();
const alertText = (alert) => (alert ? `${alert.state}${alert.mail ? `, mail ${alert.mail}` : ''}` : '');
const stateText = (a) => [a.is_expected && 'expected', alertText(a.alert)].filter(Boolean).join(', ');

export function anomalyPanel(ctx) {
  const latest = newest();
  const box = panel({ title: 'Anomalies', test: 'panel-anomalies', className: 'span-7' });
  const choose = (found) => state.set({ found });
  const table = createTable(box.body, {
    label: 'Anomalies', maxHeight: window.innerWidth >= 1000 ? 400 : undefined, test: 'anomaly-table', name: 'anomalies', index: 'key', sort: [['start', 'desc']],
    placeholder: 'Nothing unusual in this time range.',
    rowClass: (row) => ({ 'row-expected': row.is_expected || row.mark?.verdict === 'expected' }),
    onRow: (row) => ctx.navigate('explore', { from: ms(row.start), to: ms(row.end), q: searchOf(row) }),
    columns: [
      { title: 'Time', field: 'start', width: 112, cell: (v) => timeTag(v, 'min'), csv: (v) => v },
      { title: 'Series', field: 'service', minWidth: 92, grow: 1, cell: (_, row) => subjectLabel(row), csv: (v) => v ?? '' },
      { title: 'Level', field: 'levelName', width: 104, cell: (_, row) => subjectLevel(row), priority: 3 },
      { title: 'Observed', field: 'observed', width: 92, align: 'right', cell: (v, row) => amount(row.detector, v), priority: 1 },
      { title: 'Expected', field: 'expected', width: 92, align: 'right', cell: (v, row) => amount(row.detector, v), priority: 1 },
      { title: 'Score', field: 'score', width: 72, align: 'right', cell: (v, row) => h('span', { title: row.direction === 'low' ? 'Fewer than expected' : 'More than expected' }, h('span', { class: 'arrow', 'aria-hidden': 'true' }, row.direction === 'low' ? '▼' : '▲'), h('b', null, fixed(v, 1))), hint: 'Standard deviations from what was expected', csv: (v) => v },
      { title: 'Detector', field: 'detector', width: 88, priority: 4 },
      { title: 'Duration', field: 'duration_minutes', width: 88, align: 'right', cell: (v) => duration(v * 60), priority: 2, csv: (v) => `${v} min` },
      whyColumn(ctx, (row) => ({ from: ms(row.start), to: ms(row.end), began: began(row), ...whyOf(row), direction: row.direction })),
      { title: 'State', field: 'stateText', width: 132, priority: 3, cell: (_, row) => stateCell(row) },
      markColumn(ctx, { about: (row) => row, done: () => api.load() }),
      { title: 'Series in full', field: 'series', visible: false },
    ],
  });
  const source = h('select', { class: 'select', 'aria-label': 'Which anomalies', 'data-test': 'anomaly-source', onchange: () => choose(source.value) },
    h('option', { value: 'monitor' }, 'What the monitor found'), h('option', { value: 'zscore' }, 'z-score above the threshold'));
  // What helps when there is nothing; below the table, which may only hold rows.
  const nothing = h('p', { class: 'grid-nothing', hidden: true });
  box.body.append(nothing);
  box.tools.append(source, button({ iconName: 'download', label: 'CSV', quiet: true, title: 'Save the table as CSV', test: 'anomalies-csv', onclick: () => table.download() }));
  const look = h('button', { type: 'button', class: 'link', 'data-test': 'anomaly-look', onclick: () => choose('zscore') }, 'Look with the z-score');
  let later = null;

  function stateCell(row) {
    const expected = row.is_expected && row.mark?.verdict !== 'expected';
    if (!expected && !row.alert) return '–';
    return h('span', { class: 'marking' }, expected && h('span', { title: 'Marked at this time of day before: nobody is told' }, verdictTag('expected')),
      row.alert && h('span', { class: `state${row.alert.state === 'open' ? ' state-bad' : ''}` }, h('span', { class: 'state-dot' }), alertText(row.alert)));
  }

  /** When the first of the entries began that a row belongs to: what is usual is what was before. */
  function began(row) {
    const alike = table.rows().filter((r) => r.detector === row.detector && r.series === row.series && r.direction === row.direction && ms(r.start) <= ms(row.start));
    return alike.sort((a, b) => ms(b.start) - ms(a.start)).reduce((first, r) => (first - ms(r.end) <= APART_MAX ? ms(r.start) : first), ms(row.start));
  }

  const rowOf = (a) => ({ ...a, key: `${a.start} ${a.detector} ${a.series} ${a.direction}`, levelName: levelText(a), stateText: stateText(a), verdict: a.mark?.verdict ?? null });

  const api = {
    els: [box.el],
    async load() {
      clearTimeout(later);
      source.value = model.found;
      box.loading({ lines: 5 });
      try {
        const byMonitor = model.found === 'monitor';
        const asked = byMonitor ? { detector: 'monitor' } : { threshold: model.threshold, level: model.level };
        const { anomalies } = await latest((signal) => ctx.api.get('anomalies', { ...state.range(), ...asked }, { signal }));
        await table.set(anomalies.map(rowOf));
        const expected = anomalies.filter((a) => a.is_expected).length;
        box.note(!anomalies.length ? '' : byMonitor ? `${plural(anomalies.length, 'entry', 'entries')}${expected ? `, ${expected} of them expected` : ''}` : `${plural(anomalies.length, 'entry', 'entries')} above ${fixed(model.threshold, 1)}`);
        box.el.dataset.count = anomalies.length;
        box.el.dataset.found = model.found;
        nothing.hidden = anomalies.length > 0;
        replace(nothing, byMonitor ? ['The monitor judges minutes as they pass; logs that were loaded later were never judged. ', look] : 'A lower threshold shows more.');
        box.ready();
      } catch (error) {
        if (aborted(error) || (error.offline && box.filled)) return;
        box.error(error, () => api.load());
      }
    },
    /** Soon: while the threshold is being dragged. */
    soon() {
      clearTimeout(later);
      later = setTimeout(() => api.load(), 120);
    },
    key: (event) => table.key(event),
    destroy() {
      clearTimeout(later);
      latest.cancel();
      table.destroy();
    },
  };
  return api;
}
