// How the rows look: columns, wrapping, density. Preferences of this browser, not part of the address.
import { prefs } from '../prefs.js';
import { marks } from './query.js';

const phone = window.matchMedia('(max-width: 640px)');
const STANDARD = ['service', 'host', 'source'];

export const look = {
  get columns() { return prefs.get('explore.columns', ['service']); },
  get wrap() { return prefs.get('explore.wrap', false); },
  get relaxed() { return prefs.get('explore.relaxed', false); },
  /** Pixels of a row that is not wrapped; on a phone the message has a line of its own. */
  get rowHeight() { return (phone.matches ? 40 : 20) + (look.relaxed ? 8 : 0); },

  /** Everything row.js needs, for a query and a range. */
  of(query, withDate) {
    return { columns: look.columns, wrap: look.wrap, relaxed: look.relaxed, rowHeight: look.rowHeight, withDate, patterns: marks(query) };
  },

  toggleColumn(name) {
    const now = look.columns;
    prefs.set('explore.columns', now.includes(name) ? now.filter((each) => each !== name) : [...now, name]);
  },

  /** Items of the menu; changed() after each. */
  menu(fields, changed) {
    const names = [...new Set([...STANDARD, ...look.columns, ...fields])];
    return [
      { label: 'Wrap long messages', checked: look.wrap, test: 'look-wrap', run: () => { prefs.set('explore.wrap', !look.wrap); changed(); } },
      { label: 'More space', checked: look.relaxed, test: 'look-relaxed', run: () => { prefs.set('explore.relaxed', !look.relaxed); changed(); } },
      'line',
      ...names.map((name) => ({ label: name, hint: 'column', checked: look.columns.includes(name), test: `column-${name}`, run: () => { look.toggleColumn(name); changed(); } })),
    ];
  },
  onPhone: (fn) => {
    phone.addEventListener('change', fn);
    return () => phone.removeEventListener('change', fn);
  },
};
