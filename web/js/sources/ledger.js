// The loss ledger in words: the sum that must come out, and whether it does.

import { h } from '../dom.js';
import { number, bytes, plural } from '../format.js';

const item = (...inside) => h('span', null, inside);

/** One line: sources, and received = stored + rejected + duplicates + dropped. */
export function totalsOf({ sources, ledger, bytes: taken }) {
  const some = (sign, test, n, word, look) => item(`${sign} `, h('b', { 'data-test': `total-${test}`, class: n ? look : 'none' }, number(n)), ` ${word}`);
  return [
    item(h('b', null, number(sources)), sources === 1 ? ' source' : ' sources'),
    h('span', { class: 'sum' },
      item(h('b', { 'data-test': 'total-entries' }, number(ledger.received)), ' received'),
      some('=', 'records', ledger.stored, 'stored', ''), some('+', 'rejects', ledger.rejected, 'rejected', 'count-warn'),
      some('+', 'duplicates', ledger.duplicates, ledger.duplicates === 1 ? 'duplicate' : 'duplicates', ''), some('+', 'dropped', ledger.dropped, 'dropped', 'count-lost')),
    taken > 0 && item(h('b', null, bytes(taken)), ' read from files'),
  ];
}

/** Sentences: whether anything is missing, was dropped, or cannot be stored at the moment. */
export function verdict({ ledger }, sources, status) {
  const bad = (test, ...inside) => h('p', { class: 'ledger-note note-bad', role: 'note', 'data-test': test }, inside);
  const good = (...inside) => h('p', { class: 'ledger-note', 'data-test': 'ledger-verdict' }, inside);
  return [
    status?.receive_error && bad('receive-error', h('b', null, 'What clients send cannot be stored: '), status.receive_error, '. They were told so, and most send it again.'),
    status?.error && bad('ingest-error', h('b', null, 'Files are not taken in at the moment: '), status.error, '. They wait where they are.'),
    ledger.missing !== 0
      ? bad('ledger-verdict', h('b', null, `${plural(ledger.missing, 'item')} cannot be accounted for`), `: ${names(sources.filter((s) => s.ledger.missing !== 0))}. This must not happen; please report it.`)
      : ledger.received > 0 && good('Nothing is missing: everything that was received is stored, rejected, a duplicate or dropped.'),
    ledger.dropped > 0 && bad('ledger-dropped', h('b', null, `${plural(ledger.dropped, 'item')} ${ledger.dropped === 1 ? 'was' : 'were'} dropped`), ' since they came over UDP, which cannot be made to wait, faster than they could be stored. TCP waits.'),
  ];
}

/** Records whose times are implausible, in words; '' if there are none. */
export function farTimes({ ahead, before_1990: old }) {
  const parts = [ahead && `${plural(ahead, 'record')} more than an hour ahead of the clock`, old && `${plural(old, 'record')} before 1990`].filter(Boolean);
  return parts.length ? `${parts.join(', ')}: kept, but they do not decide what is shown` : '';
}

function names(sources) {
  const shown = sources.slice(0, 3).map((s) => s.name).join(', ');
  return sources.length > 3 ? `${shown} and ${number(sources.length - 3)} more` : shown || 'in sources that are not listed';
}
