// What stands in place of the rows when there are none: why, and where there are some.
import { h } from '../dom.js';
import { dateTime } from '../format.js';

const button = (label, onclick, test, main) => h('button', { type: 'button', class: `btn${main ? ' btn-main' : ''}`, onclick, 'data-test': test }, label);

/** Asks the server when the first and last records are, and offers ways to them. */
export async function nothing({ q, range, api, onClear, onAll, onRange }, empty) {
  const status = await api.get('status').catch(() => null);
  if (status && status.records === 0) {
    return empty({
      title: 'There are no records yet', text: 'The overview says how to get logs in.',
      actions: [h('a', { class: 'btn btn-main', href: '/overview' }, 'How to begin'), h('a', { class: 'btn', href: '/sources' }, 'See the sources')],
    });
  }
  const all = range.from === null;
  if (q) {
    return empty({
      title: 'Nothing matches', text: all ? 'No record has all of this.' : 'No record of this time range has all of this.',
      actions: [all ? null : button('Search all time', onAll, 'search-all-time', true), button('Clear the search', onClear, 'clear-search')].filter(Boolean),
    });
  }
  const last = status?.last ? Date.parse(status.last) : null;
  return empty({
    title: 'No records in this time range',
    text: last ? `The newest record is of ${dateTime(last)}, the oldest of ${dateTime(status.first)}.` : '',
    actions: [
      last ? button('Go to the newest hour', () => onRange(last - 3_599_000, last + 1000), 'newest-hour', true) : null,
      button('Show all time', onAll, 'search-all-time'),
    ].filter(Boolean),
  });
}
