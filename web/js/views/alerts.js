// Alerts: what the monitor found and told, newest first, and whether its mail went out.

import { h, setText } from '../dom.js';
import { panel, button } from '../ui.js';
import { createTable } from '../table.js';
import { newest, aborted } from '../api.js';
import { facts } from '../facts.js';
import { term } from '../query.js';
import { whyColumn } from '../why.js';
import { number, fixed, timeTag, plural, ago, duration, iso } from '../format.js';

const MINUTE = 60000;
const label = (series) => series || 'no service';
const ms = (t) => new Date(t).getTime();

function mailState(mail) {
  if (!mail) return h('span', { class: 'dim' }, 'no mail');
  if (mail.state === 'sent') return h('span', { class: 'state' }, h('span', { class: 'state-dot' }), h('span', null, 'sent ', mail.sent && timeTag(mail.sent, 'min')));
  const tries = mail.attempts ? `, ${plural(mail.attempts, 'try', 'tries')}` : '';
  const when = mail.next_attempt ? (ms(mail.next_attempt) > Date.now() ? `, again in ${duration(Math.round((ms(mail.next_attempt) - Date.now()) / 1000))}` : ', again now') : '';
  const bad = mail.state === 'failed' || mail.last_error;
  return h('span', { class: `state${bad ? ' state-bad' : ''}`, title: mail.last_error ?? '' }, h('span', { class: 'state-dot' }), `${mail.state === 'pending' ? 'waiting' : mail.state}${tries}${when}`);
}

export default {
  id: 'alerts',
  title: 'Alerts',
  keys: 'a',
  help: [['j k', 'next and previous alert'], ['Enter', 'open its records']],

  mount(root, ctx) {
    const latest = newest();
    const box = panel({ title: 'Alerts', test: 'panel-alerts', className: 'alerts', level: 1 });
    const problem = h('p', { class: 'view-note', 'data-test': 'alert-mail-text', hidden: true });
    box.box.before(problem);
    root.append(box.el);
    box.loading({ lines: 6 });
    const table = createTable(box.body, {
      label: 'Alerts', test: 'alert-table', name: 'alerts', index: 'id', placeholder: 'No alerts', sort: [['began', 'desc']],
      // From a few minutes before to a little after: how it began is part of it.
      onRow: (a) => ctx.navigate('explore', { from: ms(a.began) - 5 * MINUTE, to: ms(a.last_minute ?? a.minute) + 2 * MINUTE, q: `${term('service', a.series || null)} level:>=error` }),
      columns: [
        { title: 'Began', field: 'began', width: 114, cell: (v) => timeTag(v, 'min'), csv: (v) => v },
        { title: 'State', field: 'state', width: 76, cell: (v) => h('span', { class: `state${v === 'open' ? ' state-bad' : ''}` }, h('span', { class: 'state-dot' }), v) },
        { title: 'Series', field: 'series', minWidth: 76, grow: 1, cell: label },
        { title: 'Score', field: 'score', width: 70, align: 'right', cell: (v, a) => h('span', null, h('span', { class: 'arrow', 'aria-hidden': 'true' }, a.direction === 'low' ? '▼' : '▲'), h('b', null, fixed(v))), csv: (v) => v },
        { title: 'Observed', field: 'observed', width: 94, align: 'right', cell: number, priority: 2 },
        { title: 'Expected', field: 'expected', width: 94, align: 'right', cell: (v) => fixed(v), priority: 2 },
        { title: 'Lasted', field: 'lasted', width: 92, align: 'right', cell: (v) => duration(v), csv: (v) => v, priority: 3 },
        { title: 'Found', field: 'opened', width: 114, cell: (v) => timeTag(v, 'min'), csv: (v) => v, priority: 5 },
        whyColumn(ctx, (a) => ({ from: ms(a.began), to: ms(a.last_minute ?? a.minute) + MINUTE, service: a.series || null, minLevel: 'ERROR', direction: a.direction })),
        { title: 'Mail', field: 'mailText', minWidth: 150, grow: 2, priority: 1, cell: (_, a) => mailState(a.mail) },
      ],
    });

    box.tools.append(button({ iconName: 'download', label: 'CSV', quiet: true, title: 'Save the table as CSV', test: 'alerts-csv', onclick: () => table.download() }));

    function titles(alerts) {
      const count = alerts.filter((a) => a.state === 'open').length;
      const { mail, monitor, threshold } = facts.status ?? {};
      box.note(h('span', { class: 'notes' }, h('span', null, h('b', { 'data-test': 'alerts-open' }, number(count)), ' open'), h('span', null, h('b', null, number(alerts.length)), alerts.length === 200 ? ' newest' : ' in all'),
        monitor?.last_run && h('span', null, 'checked ', timeTag(monitor.last_run, 's', ago(monitor.last_run)), `, alerts at ${fixed(threshold)} σ`)));
      const text = monitor?.error ? `The monitor fails: ${monitor.error}` : mail?.last_error ? `Mail is not going out: ${mail.last_error}. It is tried again by itself.` : mail && !mail.configured ? 'No mail is set up: alerts are kept here only.' : '';
      setText(problem, text);
      problem.hidden = !text;
      problem.classList.toggle('note-bad', Boolean(monitor?.error || mail?.last_error));
    }

    async function load() {
      try {
        const { alerts } = await latest((signal) => ctx.api.get('alerts', null, { signal }));
        titles(alerts);
        await table.set(alerts.map((a) => ({ ...a, began: a.first_minute ?? a.minute, lasted: (ms(a.last_minute ?? a.minute) - ms(a.first_minute ?? a.minute)) / 1000 + 60, mailText: a.mail ? `${a.mail.state}${a.mail.last_error ? `: ${a.mail.last_error}` : ''}${a.mail.next_attempt ? `, next ${iso(a.mail.next_attempt)}` : ''}` : '' })));
        if (alerts.length) box.ready();
        else box.empty({ title: 'Nothing unusual yet', text: `The monitor looks every minute and keeps what it finds here${facts.status ? `, from ${fixed(facts.status.threshold)} standard deviations on` : ''}.` });
      } catch (error) {
        if (aborted(error) || (error.offline && box.filled)) return;
        box.error(error, load);
      }
    }

    load();
    return {
      update: (reason) => (reason === 'state' ? undefined : load()),
      key: (event) => table.key(event),
      unmount() { latest.cancel(); table.destroy(); },
    };
  },
};
