// Why: what unusual minutes are made of, in a dialog. Each explanation leads to its records.

import { h, replace } from './dom.js';
import { dialog, empty, errorBox, skeleton } from './ui.js';
import { newest, aborted, EMPTY } from './api.js';
import { logsLink, quoted, term } from './query.js';
import { number, fixed, rangeText, timeTag } from './format.js';

const KINDS = { message: 'Message', service: 'Service', host: 'Host', level: 'Level', field: 'Field' };

/** What the search language finds such records by; of a message text its longest part that does not differ. */
function found(e) {
  if (e.kind === 'field') return term(e.name, e.value);
  if (e.kind !== 'message') return term(e.kind, e.kind === 'level' ? e.value?.toLowerCase() : e.value);
  const parts = (e.value ?? '').split('<*>').map((part) => part.trim());
  const longest = parts.reduce((a, b) => (b.length > a.length ? b : a), '');
  return longest && (/\s/.test(longest) ? `"${longest.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : quoted(longest));
}

function explanation(e, { from, to, service, level, minLevel, close }) {
  const levels = level !== undefined ? term('level', level?.toLowerCase()) : minLevel && `level:>=${minLevel.toLowerCase()}`;
  const q = [e.kind !== 'level' && levels, found(e)].filter(Boolean).join(' ');
  const link = logsLink({ from, to, service: e.kind === 'service' ? undefined : service, q });
  const value = h('a', { class: `why-value${e.kind === 'message' ? ' mono' : ''}`, href: link, title: 'Show its records', onclick: close }, e.value ?? `no ${e.kind}`);
  return h('li', { class: `why-row${e.same_as_above ? ' why-same' : ''}`, 'data-test': 'explanation' },
    h('div', { class: 'why-head' },
      h('span', { class: 'why-kind' }, e.kind === 'field' ? e.name : KINDS[e.kind]), value,
      h('span', { class: 'why-counts num' }, h('b', null, number(e.n)), ` instead of ${fixed(e.expected, e.expected < 10 ? 1 : 0)}`)),
    h('div', { class: 'why-share', role: 'img', 'aria-label': `${Math.round(e.share * 100)} % of the difference`, title: `${Math.round(e.share * 100)} % of the difference; score ${fixed(e.score)}` }, h('div', { style: { width: `${Math.round(e.share * 100)}%` } })),
    !e.same_as_above && e.sample !== null && h('p', { class: 'why-sample mono dim' }, e.sample_ts && timeTag(e.sample_ts), ' ', e.sample),
    e.same_as_above && h('p', { class: 'dim' }, 'The same records as above'));
}

/**
 * Opens the dialog. { from, to (ms), began (ms, if what they belong to began earlier), service (null: records without one; undefined: all), level (exactly; null: records without one), minLevel (and above), direction: 'high' or 'low', reason }
 */
export function showWhy(ctx, { from, to, began = from, service, level, minLevel, direction, reason }) {
  const latest = newest();
  const list = h('div', { 'data-test': 'why-body' }, skeleton({ lines: 6 }));
  const box = dialog({ title: direction === 'low' ? 'What is missing' : 'What there is more of', test: 'why', wide: true, body: [h('p', null, reason), list], onClose: () => latest.cancel() });
  async function load() {
    replace(list, skeleton({ lines: 6 }));
    try {
      const asked = { from: new Date(from).toISOString(), to: new Date(to).toISOString(), began: new Date(began).toISOString(), service: service === null ? EMPTY : service, level: level === null ? EMPTY : level, min_level: minLevel, direction };
      const { explanations } = await latest((signal) => ctx.api.get('why', asked, { signal }));
      const context = { from, to, service, level, minLevel, close: () => box.close() };
      replace(list, explanations.length
        ? h('div', null, h('p', { class: 'dim' }, `${rangeText(from, to)}, against the two hours before`), h('ol', { class: 'why-list' }, explanations.map((e) => explanation(e, context))))
        : empty({ title: 'Nothing stands out', text: 'Services, hosts, messages and fields have the same shares as in the two hours before: there is more (or less) of everything alike.' }));
    } catch (error) {
      if (!aborted(error)) replace(list, errorBox(error, load));
    }
  }
  load();
}

/** A table's column with a button that explains its row. asked(row) -> what showWhy takes. */
export const whyColumn = (ctx, asked) => ({
  title: 'Why', field: 'reason', minWidth: 160, grow: 6, priority: 5, csv: (v) => v,
  cell: (v, row) => h('span', { title: v }, h('button', { type: 'button', class: 'link', 'data-test': 'why-button', title: 'What these minutes are made of', onclick: () => showWhy(ctx, { ...asked(row), reason: v }) }, 'Explain'), ' ', v),
});
