// The line of facts under the header, from /api/status. Other modules may read the last status (facts.status) or
// subscribe to it.

import { h, replace } from './dom.js';
import { api } from './api.js';
import { href } from './state.js';
import { si, rate, bytes, duration, plural, number } from './format.js';

const listeners = new Set();
let host = null;

function item(test, value, unit, props = {}, link) {
  const inside = [h('b', null, value), unit && ` ${unit}`];
  return link ? h('a', { class: 'fact', 'data-test': `fact-${test}`, href: link, ...props }, inside)
    : h('span', { class: 'fact', 'data-test': `fact-${test}`, ...props }, inside);
}

function render(s) {
  const lag = s.lag_seconds === null ? null : duration(s.lag_seconds);
  replace(host,
    item('records', si(s.records), 'records', { title: number(s.records) }, href({ view: 'explore', from: 'all', to: 'now', q: '' })),
    item('rate', rate(Math.round(s.records_per_second * 10) / 10), '', { title: 'Records that arrived in the last 10 s' }),
    item('alerts', number(s.alerts_open), `${s.alerts_open === 1 ? 'anomaly' : 'anomalies'} open`, { class: `fact${s.alerts_open ? ' fact-alert' : ''}` }, href({ view: 'alerts' })),
    lag === null ? h('span', { class: 'fact', 'data-test': 'fact-lag' }, 'nothing followed') : item('lag', lag, 'lag', { title: 'Age of the oldest line that waits in a followed file' }),
    s.rejects > 0 && item('rejects', si(s.rejects), s.rejects === 1 ? 'reject' : 'rejects', { title: 'Lines that no format reads' }, href({ view: 'sources' })),
    s.dropped > 0 && item('dropped', si(s.dropped), 'dropped', { class: 'fact fact-problem', title: 'Since the start: what came over UDP faster than it could be stored' }, href({ view: 'sources' })),
    item('size', bytes(s.database_bytes), '', { title: 'Size of the database' }),
    problem(s), s.demo && h('span', { class: 'fact tag', 'data-test': 'fact-demo', title: 'pintail demo: invented logs with planted incidents' }, 'demo data'));
}

function problem(s) {
  const text = s.error ? 'ingest failing' : s.receive_error ? 'receiving failing' : s.monitor?.error ? 'monitor failing' : s.mail?.failed ? `${plural(s.mail.failed, 'mail')} not sent` : null;
  return text && h('a', { class: 'fact fact-problem', 'data-test': 'fact-problem', href: href({ view: s.error || s.receive_error ? 'sources' : 'alerts' }), title: s.error ?? s.receive_error ?? s.monitor?.error ?? s.mail?.last_error ?? '' }, text);
}

export const facts = {
  /** The last answer of /api/status, or null. */
  status: null,
  mount(element) {
    host = element;
    replace(host, h('span', { class: 'skeleton facts-skeleton' }));
  },
  async load() {
    try {
      facts.status = await api.get('status');
      render(facts.status);
      for (const fn of listeners) fn(facts.status);
    } catch (error) {
      if (!facts.status) replace(host, h('span', { class: 'fact dim' }, error.message));
    }
  },
  subscribe(fn) {
    listeners.add(fn);
    if (facts.status) fn(facts.status);
    return () => listeners.delete(fn);
  },
};
