// Sources: where records come from, how far each has been read and what became of everything that arrived. Nothing is
// lost in silence, and here one sees it: what was stored, rejected, known already and dropped adds up to what was received.

import { h, replace, icon } from '../dom.js';
import { errorBox, skeleton, empty, copyText, button } from '../ui.js';
import { newest, aborted } from '../api.js';
import { term } from '../query.js';
import { href } from '../state.js';
import { number, bytes, rate, duration, percent, plural, timeTag, ago, fixed } from '../format.js';
import { rejectList } from '../sources/rejects.js';
import { totalsOf, verdict, farTimes } from '../sources/ledger.js';
import { PROTOCOLS, pushHelp } from '../sources/push.js';
import { facts } from '../facts.js';

export default {
  id: 'sources',
  title: 'Sources',
  keys: 'r',
  help: [['j k', 'next and previous source']],

  mount(root, ctx) {
    const latest = newest();
    const open = new Map();
    let last = null;
    const head = h('div', { class: 'view-head', 'data-test': 'source-totals' }, h('h1', { class: 'view-title' }, 'Sources'));
    const notes = h('div', { class: 'source-notes', 'data-test': 'source-notes' });
    const help = pushHelp();
    const list = h('div', { class: 'source-list', 'data-test': 'source-list' }, skeleton({ lines: 8 }));
    root.append(head, notes, help.el, list);
    let loaded = false;

    const fact = (name, test, value, note) => h('div', { 'data-test': `source-${test}` }, h('dt', null, name), h('dd', null, value), note ? h('dd', { class: 'health-note' }, note) : null);

    // What it is in words: a protocol says more than that it came over HTTP.
    const KINDS = { file: 'file', pipe: 'pipe', syslog: 'syslog' };
    const kind = (s) => (s.kind === 'http' ? `HTTP, ${PROTOCOLS[s.format] ?? s.format}` : KINDS[s.kind] ?? s.kind);

    function state(s) {
      const [look, text] = s.error ? [' state-bad', 'cannot be read']
        : s.following ? [' state-on', 'following']
        : s.kind === 'file' ? ['', 'not followed']
        : s.live ? [' state-on', 'receiving']
        : ['', s.kind === 'pipe' ? 'pipe, ended' : 'quiet'];
      return h('span', { class: `state${look}`, 'data-test': 'source-state' }, h('span', { class: 'state-dot' }), text);
    }

    // A number of the ledger: none is quiet, some stands out if it is a loss, or may be one.
    const count = (name, test, n, look = '') => fact(name, test, h('span', { class: n ? look : 'none' }, number(n)));

    function formats(s) {
      if (!s.format) return fact('Format', 'format', '–', s.records ? '' : s.ledger.rejected ? 'no line could be read' : 'nothing read yet');
      const others = Object.entries(s.formats ?? {}).filter(([name]) => name !== s.format).sort((a, b) => b[1] - a[1]);
      return fact('Format', 'format', h('span', null, s.format, s.score === null || s.kind === 'http' || s.kind === 'syslog' ? '' : h('span', { class: 'dim' }, ` score ${fixed(s.score, 2)}`)), others.map(([name, score]) => `${name} ${fixed(score, 2)}`).join(', '));
    }

    function position(s) {
      if (s.file_bytes === null) return fact('Position', 'position', s.bytes ? bytes(s.bytes) : '–', s.bytes ? 'taken in' : '');
      // Both are of the file on disk. Without a lag its size was noted when it was read to its end.
      const left = s.lag_bytes ?? 0;
      const read = Math.max(0, s.file_bytes - left);
      const share = s.file_bytes ? (100 * read) / s.file_bytes : 100;
      const fill = h('span', { style: { width: `${share}%` } });
      return fact('Position', 'position', h('span', null, `${bytes(read)} of ${bytes(s.file_bytes)}`, h('span', { class: 'bar', role: 'img', 'aria-label': `${percent(share)} read` }, fill)), left > 0 ? `${bytes(left)} to go` : 'all read');
    }

    function rejects(s) {
      if (!s.rejects) return h('span', { class: 'none' }, '0');
      const isOpen = open.has(s.id);
      return h('button', { type: 'button', class: 'link count-warn', 'aria-expanded': String(isOpen), 'data-test': 'source-rejects-toggle', onclick: () => {
        if (open.has(s.id)) open.delete(s.id);
        else open.set(s.id, rejectList(ctx, s.id));
        render(last);
      } }, `${number(s.rejects)} ${isOpen ? '▴' : '▾'}`);
    }

    function source(s) {
      // The file's name is what one looks for; its directory is often the same for all.
      const cut = s.name.lastIndexOf('/') + 1;
      const [directory, file] = s.name === '-' ? ['', 'standard input'] : cut < s.name.length ? [s.name.slice(0, cut), s.name.slice(cut)] : ['', s.name];
      return h('section', { class: 'source', tabindex: '-1', 'data-test': 'source', 'data-id': s.id, 'aria-label': s.name },
        h('div', null, h('div', { class: 'source-head' },
          h('h2', { class: 'source-name' }, h('a', { href: href({ view: 'explore', from: 'all', to: 'now', q: term('source', s.id) }), title: `Records of ${s.name}` }, file)),
          button({ iconName: 'copy', title: `Copy ${s.name}`, quiet: true, onclick: () => copyText(s.name, 'Name copied') })),
        h('p', { class: 'source-is' }, state(s), h('span', { class: 'small dim', 'data-test': 'source-kind' }, kind(s))),
        farTimes(s.far_times) && h('p', { class: 'small dim', role: 'note', 'data-test': 'source-far-times' }, farTimes(s.far_times)),
        s.doubt && h('p', { class: 'small dim', role: 'note', 'data-test': 'source-doubt' }, `Uncertain: ${s.doubt}`),
        directory && h('p', { class: 'source-dir', 'data-test': 'source-dir' }, directory),
        s.ledger.missing !== 0 && h('p', { class: 'source-error', role: 'note', 'data-test': 'source-missing' }, `${plural(Math.abs(s.ledger.missing), 'item')} ${s.ledger.missing > 0 ? 'missing' : 'too many'}`),
        s.error && h('p', { class: 'source-error', role: 'note', 'data-test': 'source-error' }, s.error)),
        h('dl', { class: 'source-facts' }, formats(s),
          count('Received', 'received', s.ledger.received),
          fact('Stored', 'records', h('a', { href: href({ view: 'explore', from: 'all', to: 'now', q: term('source', s.id) }) }, number(s.ledger.stored))),
          fact('Rejected', 'rejects', rejects(s)), count('Duplicates', 'duplicates', s.ledger.duplicates, 'count-known'), count('Dropped', 'dropped', s.ledger.dropped, 'count-lost'), position(s),
          fact('Lag', 'lag', s.lag_seconds === null ? '–' : duration(s.lag_seconds), s.lag_bytes ? `${bytes(s.lag_bytes)} waiting` : ''),
          fact('Rate', 'rate', rate(s.records_per_second)),
          fact('Last seen', 'seen', s.last_seen ? timeTag(s.last_seen, 's', ago(s.last_seen)) : 'never', s.last_ts ? h('span', null, 'newest ', timeTag(s.last_ts)) : '')),
        open.get(s.id)?.el);
    }

    function render(answer) {
      last = answer;
      const { sources, totals } = answer;
      const at = list.contains(document.activeElement) ? document.activeElement : null;
      const where = at && { id: at.closest('.source')?.dataset.id, test: at.dataset.test, href: at.getAttribute('href') };
      const title = h('h1', { class: 'view-title' }, 'Sources');
      if (!sources.length) {
        replace(head, title);
        replace(notes, verdict(totals, sources, facts.status));
        // What one is about to copy stays.
        if (list.querySelector('[data-test="empty"]')) return;
        replace(list, empty({ title: 'No sources yet', text: 'The overview says how to load files beside this server; below is how to send records to it.', actions: [h('a', { class: 'btn btn-main', href: '/overview' }, 'How to begin')] }));
        help.first(list);
        return;
      }
      help.beside();
      replace(head, title, totalsOf(totals), help.button);
      replace(notes, verdict(totals, sources, facts.status));
      // On a wide screen the labels stand once above; readers hear them at each source.
      const labels = h('div', { class: 'source-labels', 'aria-hidden': 'true' }, h('span', null, 'Source'), h('div', { class: 'source-facts' }, ['Format', 'Received', 'Stored', 'Rejected', 'Duplicates', 'Dropped', 'Position', 'Lag', 'Rate', 'Last seen'].map((name) => h('span', null, name))));
      replace(list, labels, sources.map(source));
      // The list is made anew on each refresh; whoever was on a link of it stays there.
      if (where) [...list.querySelectorAll(`[data-id="${Number(where.id)}"], [data-id="${Number(where.id)}"] *`)].find((el) => el.dataset.test === where.test && el.getAttribute('href') === where.href)?.focus({ preventScroll: true });
    }

    async function load() {
      try {
        const answer = await latest((signal) => ctx.api.get('sources', null, { signal }));
        loaded = true;
        // A refresh must not take away a selection.
        const selection = window.getSelection();
        if (!selection.isCollapsed && list.contains(selection.anchorNode)) return;
        render(answer);
      } catch (error) {
        if (aborted(error) || (loaded && error.offline)) return;
        loaded = false;
        replace(list, errorBox(error, load));
      }
    }

    function move(by) {
      const all = [...list.querySelectorAll('.source')];
      const at = all.indexOf(document.activeElement?.closest('.source'));
      const next = all[Math.max(0, Math.min(all.length - 1, at + by))];
      next?.focus();
      next?.scrollIntoView({ block: 'nearest' });
      return Boolean(next);
    }

    load();
    const off = facts.subscribe((status) => last && replace(notes, verdict(last.totals, last.sources, status)));
    return {
      update: (reason) => (reason === 'state' ? undefined : load()),
      key: (event) => (event.key === 'j' ? move(1) : event.key === 'k' ? move(-1) : false),
      unmount() { latest.cancel(); off(); },
    };
  },
};
