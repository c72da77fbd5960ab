// One record as a line: time, level, chosen columns, message. Everything of it is text, never markup.
import { h, icon } from '../dom.js';
import { clock, dateTime, iso, utc } from '../format.js';
import { levelTag, levelWord } from '../levels.js';
import { valueOf } from './fields.js';

const LONG = 4000;      // characters of a message in a line; the expanded record has all of it

/** Text nodes with what was searched for in <mark>. */
export function marked(text, patterns) {
  if (!patterns?.length) return [text];
  const found = [];
  for (const pattern of patterns) {
    pattern.lastIndex = 0;
    for (let hit; (hit = pattern.exec(text)) && found.length < 200;) {
      if (hit[0]) found.push([hit.index, hit.index + hit[0].length]);
      else pattern.lastIndex += 1;
    }
  }
  found.sort((a, b) => a[0] - b[0]);
  const out = [];
  let at = 0;
  for (const [from, to] of found) {
    if (from < at) continue;
    if (from > at) out.push(text.slice(at, from));
    out.push(h('mark', null, text.slice(from, to)));
    at = to;
  }
  if (at < text.length) out.push(text.slice(at));
  return out;
}

function shorten(message, wrap) {
  const text = message.length > LONG ? `${message.slice(0, LONG)}…` : message;
  // In one line the lines of a stack trace stand beside each other, with a sign between them.
  return wrap ? text : text.replace(/\s*\n\s*/g, ' ↵ ');
}

/** look: {columns, wrap, withDate, patterns} */
export function line(record, look, open) {
  const when = h('time', { class: 'row-time', datetime: iso(record.ts), title: utc(record.ts) },
    look.withDate ? dateTime(record.ts, 'ms') : clock(record.ts, 'ms'));
  return h('div', { class: 'row-line' },
    open === null ? null : h('button', {
      class: 'row-toggle', type: 'button', tabindex: '-1', 'data-test': 'row-toggle',
      'aria-expanded': String(open), 'aria-label': open ? 'Hide the fields' : 'Show all fields',
    }, icon('right')),
    when,
    levelTag(record.level),
    look.columns.map((name) => {
      const value = valueOf(record, name);
      return h('span', { class: value === null ? 'row-column dim' : 'row-column', title: value === null ? `no ${name}` : `${name}: ${value}` }, value ?? '–');
    }),
    h('span', { class: 'row-message', 'data-test': 'row-message' }, marked(shorten(record.message, look.wrap), look.patterns)));
}

/** A place for a record whose page is on its way. */
export const blank = () => h('div', { class: 'row row-blank', role: 'listitem', 'aria-busy': 'true' }, h('div', { class: 'row-line' }, h('span', { class: 'skeleton row-skeleton' })));

/** A whole row; `detail` is the element under the line, or null. */
export function row(record, look, detail) {
  return h('div', { class: `row row-${levelWord(record.level)}`, role: 'listitem', 'data-test': 'row', 'data-id': record.id },
    line(record, look, detail !== null), detail);
}
