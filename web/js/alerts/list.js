// The list of alerts, newest first: what people were told, what came with it, and whether its mail went out.

import { h, setText } from '../dom.js';
import { panel, button } from '../ui.js';
import { createTable } from '../table.js';
import { newest, aborted } from '../api.js';
import { facts } from '../facts.js';
import { whyColumn } from '../why.js';
import { markColumn } from '../marks.js';
import { amount, detectors } from '../detectors.js';
import { searchOf, whyOf, subjectLabel, subjectLevel, levelText } from '../subject.js';
import { number, fixed, timeTag, plural, ago, duration, iso } from '../format.js';
import { incidents, visible, byHead } from './fold.js';

const MINUTE = 60000;
const ALERTS_MAX = 200;
const ms = (t) => new Date(t).getTime();

function mailState(mail) {
  if (!mail) return h('span', { class: 'dim' }, 'no mail');
  if (mail.state === 'sent') return h('span', { class: 'state' }, h('span', { class: 'state-dot' }), h('span', null, 'sent ', mail.sent && timeTag(mail.sent, 'min')));
  const tries = mail.attempts ? `, ${plural(mail.attempts, 'try', 'tries')}` : '';
  const when = mail.next_attempt ? (ms(mail.next_attempt) > Date.now() ? `, again in ${duration(Math.round((ms(mail.next_attempt) - Date.now()) / 1000))}` : ', again now') : '';
  const bad = mail.state === 'failed' || mail.last_error;
  return h('span', { class: `state${bad ? ' state-bad' : ''}`, title: mail.last_error ?? '' }, h('span', { class: 'state-dot' }), `${mail.state === 'pending' ? 'waiting' : mail.state}${tries}${when}`);
}

const mailText = (mail) => (mail ? `${mail.state}${mail.last_error ? `: ${mail.last_error}` : ''}${mail.next_attempt ? `, next ${iso(mail.next_attempt)}` : ''}` : '');

/** What marks say of an alert: its own minutes, the newest first. */
const markOf = (alert, marks) => marks.find((it) => it.detector === alert.detector && it.series === alert.series && it.direction === alert.direction
  && ms(it.start) <= ms(alert.last_minute) && ms(it.end) > ms(alert.first_minute)) ?? null;

/** onMark() when something was said of an alert. */
export function alertPanel(ctx, { onMark }) {
  const latest = newest();
  const unfolded = new Set();
  let rows = [];
  const box = panel({ title: 'Alerts', test: 'panel-alerts', className: 'alerts', level: 1 });
  const problem = h('p', { class: 'view-note', 'data-test': 'alert-mail-text', hidden: true });
  box.box.before(problem);
  box.loading({ lines: 6 });

  function series(row) {
    const name = h('span', null, subjectLabel(row));
    if (row.place > 0 || !row.others) return name;
    const open = unfolded.has(row.id);
    const toggle = h('button', { type: 'button', class: 'link with-it', 'data-test': 'incident-toggle', 'aria-expanded': String(open), title: 'Alerts with the same cause: nobody was told of them apart', onclick: () => unfold(row.id) }, open ? `fold ${row.others}` : `+${row.others} with it`);
    return h('span', null, name, ' ', toggle);
  }
  function unfold(id) {
    if (!unfolded.delete(id)) unfolded.add(id);
    return table.set(visible(rows, unfolded));
  }

  const table = createTable(box.body, {
    label: 'Alerts', test: 'alert-table', name: 'alerts', index: 'id', placeholder: 'No alerts', sort: [['began', 'desc']],
    rowClass: (a) => ({ 'row-with': a.place > 0, 'row-expected': a.mark?.verdict === 'expected' }),
    // From a few minutes before to a little after: how it began is part of it.
    onRow: (a) => ctx.navigate('explore', { from: ms(a.began) - 5 * MINUTE, to: ms(a.last_minute) + 2 * MINUTE, q: searchOf(a) }),
    columns: [
      { title: 'Began', field: 'began', width: 112, cell: (v) => timeTag(v, 'min'), csv: (v) => v },
      { title: 'State', field: 'state', width: 76, priority: 2, cell: (v) => h('span', { class: `state${v === 'open' ? ' state-bad' : ''}` }, h('span', { class: 'state-dot' }), v) },
      { title: 'Series', field: 'series', minWidth: 156, grow: 2, cell: (_, a) => series(a) },
      { title: 'Level', field: 'levelName', width: 104, cell: (_, a) => subjectLevel(a), priority: 3 },
      { title: 'Score', field: 'score', width: 68, align: 'right', cell: (v, a) => h('span', null, h('span', { class: 'arrow', 'aria-hidden': 'true' }, a.direction === 'low' ? '▼' : '▲'), h('b', null, fixed(v))), csv: (v) => v },
      { title: 'Observed', field: 'observed', width: 92, align: 'right', cell: (v, a) => amount(a.detector, v), priority: 2 },
      { title: 'Expected', field: 'expected', width: 90, align: 'right', cell: (v, a) => amount(a.detector, v), priority: 2 },
      { title: 'Detector', field: 'detector', width: 84, priority: 3 },
      { title: 'Lasted', field: 'lasted', width: 88, align: 'right', cell: (v) => duration(v), csv: (v) => v, priority: 4 },
      { title: 'Found', field: 'opened', visible: false },
      whyColumn(ctx, (a) => ({ from: ms(a.began), to: ms(a.last_minute) + MINUTE, ...whyOf(a), direction: a.direction })),
      { title: 'Mail', field: 'mailText', minWidth: 104, grow: 1, priority: 1, cell: (_, a) => (a.place > 0 ? h('span', { class: 'dim' }, 'with the incident') : mailState(a.mail)) },
      markColumn(ctx, { about: (a) => ({ ...a, start: a.first_minute, end: new Date(ms(a.last_minute) + MINUTE).toISOString() }), done: onMark }),
      { title: 'Incident', field: 'incident', visible: false },
    ].map((column) => ({ ...column, sorter: byHead(column.field) })),
  });
  box.tools.append(button({ iconName: 'download', label: 'CSV', quiet: true, title: 'Save the table as CSV', test: 'alerts-csv', onclick: save }));

  /** All of them, also those that are folded. */
  async function save() {
    await table.set(rows);
    await table.download();
    await table.set(visible(rows, unfolded));
  }

  function titles() {
    const heads = rows.filter((row) => row.place === 0);
    const { mail, monitor } = facts.status ?? {};
    box.note(h('span', { class: 'notes' }, h('span', null, h('b', { 'data-test': 'alerts-open' }, number(heads.filter((row) => row.anyOpen).length)), ' open'),
      h('span', null, h('b', null, number(heads.length)), rows.length === ALERTS_MAX ? ' newest' : ' in all'),
      monitor?.last_run && h('span', null, 'checked ', timeTag(monitor.last_run, 's', ago(monitor.last_run)))));
    // A detector that fails does not keep the others from looking.
    const failing = (detectors.known?.detectors ?? []).filter((it) => it.error).map((it) => it.name);
    const text = monitor?.error ? `${failing.length ? `The detector ${failing.join(', ')} fails` : 'The monitor fails'}: ${monitor.error}` : mail?.last_error ? `Mail is not going out: ${mail.last_error}. It is tried again by itself.` : mail && !mail.configured ? 'No mail is set up: alerts are kept here only.' : '';
    setText(problem, text);
    problem.hidden = !text;
    problem.classList.toggle('note-bad', Boolean(monitor?.error || mail?.last_error));
  }

  return {
    el: box.el,
    async load() {
      try {
        const [{ alerts }, { marks }] = await latest((signal) => Promise.all([ctx.api.get('alerts', null, { signal }), ctx.api.get('marks', null, { signal })]));
        rows = incidents(alerts.map((a) => {
          const mark = markOf(a, marks);
          return { ...a, began: a.first_minute, lasted: (ms(a.last_minute) - ms(a.first_minute)) / 1000 + 60, levelName: levelText(a), mark, verdict: mark?.verdict ?? null };
        })).map((row) => Object.assign(row, { mailText: mailText(row.mail) }));
        titles();
        await table.set(visible(rows, unfolded));
        if (alerts.length) box.ready();
        else box.empty({ title: 'Nothing unusual yet', text: 'The monitor looks every minute and keeps what it finds here.' });
      } catch (error) {
        if (aborted(error) || (error.offline && box.filled)) return;
        box.error(error, () => this.load());
      }
    },
    /** Which detectors fail is known. */
    titles,
    key: (event) => table.key(event),
    destroy() {
      latest.cancel();
      table.destroy();
    },
  };
}
