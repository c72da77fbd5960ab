// Services, those with most errors first; every number is a link to the records behind it.

import { h, svg } from '../dom.js';
import { panel, button } from '../ui.js';
import { createTable } from '../table.js';
import { state } from '../state.js';
import { newest, aborted } from '../api.js';
import { logsLink } from '../query.js';
import { si, number, percent, plural } from '../format.js';
import { seriesLabel } from './model.js';

/** Errors per bucket as small bars; its words are the row's numbers, so it is hidden from readers. */
function sparkline(counts, title) {
  const max = Math.max(...counts, 1);
  const n = counts.length || 1;
  return svg('svg', { class: 'spark', viewBox: `0 0 ${n * 4} 20`, preserveAspectRatio: 'none', role: 'img', 'aria-label': title },
    counts.map((c, i) => c > 0 && svg('rect', { x: i * 4, width: 3, y: 20 - Math.max(1.5, (c / max) * 20), height: Math.max(1.5, (c / max) * 20) })));
}

/** Some twenty rows; the others are scrolled to, and made only then. */
const ROWS_HEIGHT = 560;

export function servicePanel(ctx) {
  const latest = newest();
  const box = panel({ title: 'Services by errors', test: 'panel-services', className: 'span-5' });
  const link = (text, row, level, title) => h('a', { class: level === undefined ? null : 'count', href: logsLink({ service: row.service, level }), title }, text);
  const table = createTable(box.body, {
    label: 'Services by errors', test: 'service-table', name: 'services', maxHeight: ROWS_HEIGHT, virtual: true, index: 'key', sort: [['errors', 'desc']], placeholder: 'No records in this time range.',
    columns: [
      { title: 'Service', field: 'service', minWidth: 80, grow: 2, cell: (v, row) => link(seriesLabel(v), row, undefined, 'Its records'), csv: (v) => v ?? '' },
      { title: 'Records', field: 'records', width: 78, align: 'right', cell: (v, row) => link(si(v), row, null, plural(v, 'record')) },
      { title: 'Errors', field: 'errors', width: 66, align: 'right', cell: (v, row) => link(si(v), row, '>=error', plural(v, 'error')) },
      { title: 'Share', field: 'error_percent', width: 72, align: 'right', cell: (v, row) => link(percent(v), row, '>=error', `${number(row.errors)} of ${number(row.records)}`) },
      { title: 'Errors over time', field: 'error_counts', minWidth: 56, grow: 3, sortable: false, priority: 1, cell: (v, row) => sparkline(v ?? [], `Errors of ${seriesLabel(row.service)} over time`), csv: (v) => (v ?? []).join(' ') },
    ],
  });
  box.tools.append(button({ iconName: 'download', label: 'CSV', quiet: true, title: 'Save the table as CSV', test: 'services-csv', onclick: () => table.download() }));
  return {
    els: [box.el],
    async load() {
      box.loading({ lines: 5 });
      try {
        const { services } = await latest((signal) => ctx.api.get('services', state.range(), { signal }));
        await table.set(services.map((s) => ({ ...s, key: String(s.service) })));
        box.note(services.length ? plural(services.length, 'service') : '');
        box.ready();
      } catch (error) {
        if (aborted(error) || (error.offline && box.filled)) return;
        box.error(error, () => this.load());
      }
    },
    destroy() {
      latest.cancel();
      table.destroy();
    },
  };
}
