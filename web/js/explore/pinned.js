// A record that a link names but that is not among the newest: it stands above the list until it is closed. The list
// below begins with the newest, which is said, with a way to the record's own time.
import { h, icon, replace } from '../dom.js';
import { row } from './row.js';
import { detail } from './detail.js';

export async function pinned(place, id, { api, actions, look, onClose, onTime }) {
  const close = h('button', { type: 'button', class: 'btn-icon', 'aria-label': 'Close the record of the link', onclick: () => { place.hidden = true; onClose(); } }, icon('close'));
  place.hidden = false;
  try {
    const { records } = await api.get('around', { id, before: 0, after: 0 });
    const record = records.find((each) => String(each.id) === String(id));
    if (!record) throw new Error('It is not there any more.');
    replace(place, h('div', { class: 'pin-head' }, h('span', { class: 'dim' }, 'The record of the link; below are the newest'),
        h('button', { type: 'button', class: 'link', 'data-test': 'pin-time', onclick: () => onTime(new Date(record.ts).getTime()) }, 'Show its time'), close),
      h('div', { role: 'list', 'aria-label': 'The record of the link' }, row(record, look, detail(record, { ...actions, changed() {} }))));
  } catch (error) {
    replace(place, h('div', { class: 'pin-head' }, h('span', { role: 'alert' }, `The record of the link could not be read. ${error.message}`), close));
  }
}
