// Ingest health: what arrives, what waits, what could not be read, and whether monitor and mail work. From /api/status.

import { h, replace } from '../dom.js';
import { panel } from '../ui.js';
import { href } from '../state.js';
import { facts } from '../facts.js';
import { number, rate, duration, bytes, ago, millis, plural, timeTag } from '../format.js';

const fact = (name, test, value, note, bad) => h('div', { class: `health-item${bad ? ' health-bad' : ''}`, 'data-test': `health-${test}` },
  h('dt', null, name), h('dd', null, value), note ? h('dd', { class: 'health-note' }, note) : null);

function mail({ configured, pending, failed, last_error: error }) {
  if (!configured) return fact('Mail', 'mail', 'off', 'Set PINTAIL_SMTP_HOST to get one per anomaly');
  const text = [failed && `${number(failed)} failed`, pending && `${number(pending)} waiting`].filter(Boolean).join(', ');
  return fact('Mail', 'mail', text || 'works', error ?? '', failed > 0 || Boolean(error));
}

function monitor({ last_run: run, took_ms: took, error }) {
  if (error) return fact('Monitor', 'monitor', 'failing', error, true);
  return fact('Monitor', 'monitor', run ? ago(run) : 'not yet', run ? `took ${millis(took)}` : 'runs every minute');
}

export function healthPanel() {
  const box = panel({ title: 'Ingest', test: 'panel-health', className: 'span-12 panel-health' });
  const list = h('dl', { class: 'health' });
  box.body.append(list);
  box.loading({ lines: 2 });
  const off = facts.subscribe((s) => {
    const link = (text) => h('a', { href: href({ view: 'sources' }) }, text);
    replace(list,
      fact('Arriving', 'rate', rate(Math.round(s.records_per_second * 10) / 10), s.error ?? s.receive_error ?? 'over the last 10 s', Boolean(s.error ?? s.receive_error)),
      fact('Lag', 'lag', s.lag_seconds === null ? 'nothing followed' : duration(s.lag_seconds), s.lag_bytes ? `${bytes(s.lag_bytes)} waiting` : s.lag_seconds === null ? '' : 'nothing waits', s.lag_seconds > 60),
      fact('Newest record', 'last', s.last ? timeTag(s.last, 's', ago(s.last)) : '–', s.first ? h('span', null, 'since ', timeTag(s.first, 'min')) : ''),
      fact('Sources', 'sources', link(number(s.sources)), ''),
      fact('Rejects', 'rejects', link(number(s.rejects)), s.rejects ? 'lines that no format reads' : 'every line was read', s.rejects > 0),
      s.dropped > 0 && fact('Dropped', 'dropped', link(number(s.dropped)), 'over UDP, since the start', true),
      fact('Database', 'size', bytes(s.database_bytes), plural(s.records, 'record')),
      monitor(s.monitor), mail(s.mail));
    box.ready();
  });
  return { els: [box.el], load: () => undefined, destroy: off };
}
