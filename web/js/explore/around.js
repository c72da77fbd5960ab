// The lines around a record in its own source, in place: what was written just before and after it.
import { h, replace } from '../dom.js';
import { line } from './row.js';

const STEP = 20;

/** Fills `place`; its buttons ask for more lines on either side. */
export function around(place, record, actions) {
  let before = STEP;
  let after = STEP;
  const load = async () => {
    if (!place.firstChild) replace(place, h('p', { class: 'around-note', role: 'status' }, 'Reading the lines around…'));
    try {
      const answer = await actions.api.around({ id: record.id, before, after });
      draw(answer.records);
    } catch (error) {
      replace(place, h('p', { class: 'around-note error-text', role: 'alert' }, `The lines around could not be read: ${error.message} `,
        h('button', { type: 'button', class: 'btn btn-small', onclick: load }, 'Try again')));
    }
    actions.changed();
  };
  const more = (label, grow) => h('button', { type: 'button', class: 'btn btn-small btn-quiet', onclick: () => { grow(); load(); } }, label);
  const draw = (records) => {
    const at = records.findIndex((each) => each.id === record.id);
    // Fewer than asked for: there the source begins or ends.
    const [above, below] = [at, records.length - 1 - at];
    const look = { columns: [], wrap: false, withDate: actions.look().withDate, patterns: [] };
    replace(place,
      h('p', { class: 'around-note' }, `In ${record.source_name ?? 'its source'}, oldest first`),
      above >= before ? more(`${STEP} more before`, () => { before += STEP; }) : h('p', { class: 'around-note dim' }, 'The source begins here'),
      h('div', { class: 'around-lines', role: 'list', 'aria-label': 'Lines around', tabindex: '0' }, records.map((each) => h('div', {
        class: `row row-${(each.level ?? 'none').toLowerCase()}${each.id === record.id ? ' row-here' : ''}`, role: 'listitem', 'data-test': each.id === record.id ? 'around-here' : 'around-row',
        'aria-current': each.id === record.id ? 'true' : null,
      }, line(each, look, null)))),
      below >= after ? more(`${STEP} more after`, () => { after += STEP; }) : h('p', { class: 'around-note dim' }, 'The source ends here, so far'));
    actions.changed();
  };
  load();
}
