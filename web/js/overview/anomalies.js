// The table of anomalous entries above the threshold. A row opens the records of its window.

import { h } from '../dom.js';
import { panel, button } from '../ui.js';
import { createTable } from '../table.js';
import { levelTag } from '../levels.js';
import { state } from '../state.js';
import { newest, aborted } from '../api.js';
import { term } from '../query.js';
import { number, fixed, duration, timeTag, plural } from '../format.js';
import { whyColumn } from '../why.js';
import { model, seriesLabel } from './model.js';

/** Entries of a series that are no further apart belong together. */
const APART_MAX = 30 * 60000;

const ms = (t) => new Date(t).getTime();

export function anomalyPanel(ctx) {
  const latest = newest();
  const box = panel({ title: 'Anomalies', test: 'panel-anomalies', className: 'span-7' });
  const table = createTable(box.body, {
    label: 'Anomalies', maxHeight: window.innerWidth >= 1000 ? 400 : undefined, test: 'anomaly-table', name: 'anomalies', index: 'key', sort: [['start', 'desc']],
    placeholder: 'Nothing above the threshold in this time range. A lower threshold shows more.',
    onRow: (row) => ctx.navigate('explore', { from: new Date(row.start).getTime(), to: new Date(row.end).getTime(), q: `${term('service', row.service || null)} level:>=${row.level.toLowerCase()}` }),
    columns: [
      { title: 'Time', field: 'start', width: 112, cell: (v) => timeTag(v, 'min'), csv: (v) => v },
      { title: 'Service', field: 'service', minWidth: 80, grow: 1, cell: (v) => seriesLabel(v), csv: (v) => v ?? '' },
      { title: 'Level', field: 'level', width: 92, cell: (v) => levelTag(v), priority: 3 },
      { title: 'Observed', field: 'observed', width: 94, align: 'right', cell: number, priority: 1 },
      { title: 'Expected', field: 'expected', width: 94, align: 'right', cell: (v) => fixed(v, 1), priority: 1 },
      { title: 'Score', field: 'score', width: 72, align: 'right', cell: (v, row) => h('span', { title: row.direction === 'low' ? 'Fewer than expected' : 'More than expected' }, h('span', { class: 'arrow', 'aria-hidden': 'true' }, row.direction === 'low' ? '▼' : '▲'), h('b', null, fixed(v, 1))), hint: 'Standard deviations from what was expected', csv: (v) => v },
      { title: 'Detector', field: 'detector', width: 92, priority: 4 },
      { title: 'Duration', field: 'duration_minutes', width: 90, align: 'right', cell: (v) => duration(v * 60), priority: 2, csv: (v) => `${v} min` },
      whyColumn(ctx, (row) => ({ from: ms(row.start), to: ms(row.end), began: began(row), service: row.service || null, minLevel: row.level, direction: row.direction })),
      { title: 'Alert', field: 'alertText', width: 136, priority: 6, cell: (v) => v || '–' },
    ],
  });
  box.tools.append(button({ iconName: 'download', label: 'CSV', quiet: true, title: 'Save the table as CSV', test: 'anomalies-csv', onclick: () => table.download() }));
  let later = null;

  /** When the first of the entries began that a row belongs to: what is usual is what was before. */
  function began(row) {
    const alike = table.rows().filter((r) => r.service === row.service && r.direction === row.direction && ms(r.start) <= ms(row.start));
    return alike.sort((a, b) => ms(b.start) - ms(a.start)).reduce((first, r) => (first - ms(r.end) <= APART_MAX ? ms(r.start) : first), ms(row.start));
  }

  return {
    els: [box.el],
    async load() {
      clearTimeout(later);
      box.loading({ lines: 5 });
      try {
        const { anomalies } = await latest((signal) => ctx.api.get('anomalies', { ...state.range(), threshold: model.threshold, level: model.level }, { signal }));
        await table.set(anomalies.map((a) => ({ ...a, key: `${a.start} ${a.service} ${a.direction}`, alertText: a.alert ? `${a.alert.state}${a.alert.mail ? `, mail ${a.alert.mail}` : ''}` : '' })));
        box.note(anomalies.length ? `${plural(anomalies.length, 'entry', 'entries')} above ${fixed(model.threshold, 1)}` : '');
        box.el.dataset.count = anomalies.length;
        box.ready();
      } catch (error) {
        if (aborted(error) || (error.offline && box.filled)) return;
        box.error(error, () => this.load());
      }
    },
    /** Soon: while the threshold is being dragged. */
    soon() {
      clearTimeout(later);
      later = setTimeout(() => this.load(), 120);
    },
    key: (event) => table.key(event),
    destroy() {
      clearTimeout(later);
      latest.cancel();
      table.destroy();
    },
  };
}
