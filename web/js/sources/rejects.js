// What could not be read of a source: reasons with their counts, and sample lines with their place in the file.

import { h, replace } from '../dom.js';
import { errorBox, skeleton } from '../ui.js';
import { number, timeTag } from '../format.js';

export function rejectList(ctx, id) {
  const el = h('div', { class: 'rejects', 'data-test': 'rejects' }, skeleton({ lines: 3 }));
  async function load() {
    try {
      const { reasons, rejects } = await ctx.api.get(`sources/${id}/rejects`, { limit: 100 });
      replace(el, h('h3', null, 'Why'),
        h('dl', { class: 'reasons' }, reasons.map((r) => [h('dt', { 'data-test': 'reject-count' }, number(r.count)), h('dd', null, r.reason)])),
        h('h3', null, `${rejects.length === 100 ? 'The newest 100' : 'Their'} lines`),
        rejects.map((r) => h('div', { class: 'reject', 'data-test': 'reject' },
          h('span', { class: 'dim small' }, `bytes ${number(r.start_byte)} – ${number(r.end_byte)}`), h('span', { class: 'dim small' }, timeTag(r.ingested)), h('span', { class: 'dim small' }, r.reason),
          h('pre', { tabindex: '0' }, r.line))));
    } catch (error) {
      replace(el, errorBox(error, () => { replace(el, skeleton({ lines: 3 })); load(); }));
    }
  }
  load();
  return { el };
}
