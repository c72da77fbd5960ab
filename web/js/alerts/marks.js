// What people said of anomalies, with a way to take it back, and as a file: the truth for backtests.

import { h, icon } from '../dom.js';
import { panel } from '../ui.js';
import { createTable } from '../table.js';
import { newest, aborted } from '../api.js';
import { takeBack, verdictTag } from '../marks.js';
import { amount } from '../detectors.js';
import { searchOf, subjectLabel, subjectOf } from '../subject.js';
import { duration, plural, timeTag } from '../format.js';

const ms = (t) => new Date(t).getTime();

/** onMark() when one was taken back. */
export function marksPanel(ctx, { onMark }) {
  const latest = newest();
  const box = panel({ title: 'Marks', test: 'panel-marks' });
  const save = h('a', { class: 'btn btn-quiet', href: ctx.api.url('marks', { format: 'csv' }), download: 'marks.csv', 'data-test': 'marks-csv', title: 'All marks as CSV: truth for pintail backtest --truth' }, icon('download'), 'CSV');
  box.tools.append(save);
  box.loading({ lines: 2 });
  async function remove(event, it) {
    const { currentTarget } = event;
    currentTarget.disabled = true;
    if (await takeBack(ctx, it.id)) await onMark();
    else currentTarget.disabled = false;
  }
  const table = createTable(box.body, {
    label: 'Marks', test: 'mark-table', name: 'marks', index: 'id', sort: [['made', 'desc']], maxHeight: window.innerWidth >= 1000 ? 400 : undefined,
    onRow: (it) => ctx.navigate('explore', { from: ms(it.start), to: ms(it.end), q: searchOf(subjectOf(it.detector, it.series)) }),
    columns: [
      { title: 'Time', field: 'start', width: 112, cell: (v) => timeTag(v, 'min') },
      { title: 'Verdict', field: 'verdict', width: 96, priority: 1, cell: verdictTag },
      { title: 'Series', field: 'series', minWidth: 120, grow: 2, cell: (v, it) => v || subjectLabel(subjectOf(it.detector, v)) },
      { title: 'Detector', field: 'detector', width: 96, priority: 3 },
      { title: 'Observed', field: 'observed', width: 96, align: 'right', cell: (v, it) => `${it.direction === 'low' ? '▼' : '▲'} ${amount(it.detector, v)}`, priority: 2 },
      { title: 'Lasted', field: 'lasted', width: 92, align: 'right', cell: (v) => duration(v), priority: 4 },
      { title: 'Note', field: 'note', minWidth: 96, grow: 3, priority: 5 },
      { title: 'Made', field: 'made', width: 112, cell: (v) => timeTag(v, 'min'), priority: 4 },
      { title: 'Take back', field: 'id', width: 96, sortable: false, cell: (_, it) => h('button', { type: 'button', class: 'link', 'data-test': 'mark-undo', 'aria-label': `Take back: ${it.series || 'everything'}, ${it.start}`, onclick: (event) => remove(event, it) }, 'Take back') },
    ],
  });

  return {
    el: box.el,
    async load() {
      try {
        const { marks } = await latest((signal) => ctx.api.get('marks', null, { signal }));
        await table.set(marks.map((it) => ({ ...it, lasted: (ms(it.end) - ms(it.start)) / 1000 })));
        const expected = marks.filter((it) => it.verdict === 'expected').length;
        save.hidden = !marks.length;
        box.note(marks.length ? `${plural(expected, 'mark')} as expected, ${marks.length - expected} as real` : '');
        if (marks.length) box.ready();
        else box.empty({ title: 'Nothing marked yet', text: 'An anomaly marked as expected stops alarming at this time of day. One marked as real is what trials are measured by.' });
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
