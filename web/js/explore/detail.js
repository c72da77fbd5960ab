// An expanded record: every field with what one can do with it, the record as JSON, and the lines around it.
import { h, icon, replace, svg } from '../dom.js';
import { dateTime, iso, utc, zone } from '../format.js';
import { levelTag } from '../levels.js';
import { asJson, asText, flatten } from './fields.js';
import { canAsk } from './query.js';
import { around } from './around.js';

/**
 * actions: {filter(name, value, exclude), phrase(text, exclude), copy(text, what), column(name), hasColumn(name), link(record),
 * api, changed()}; changed() is called when the height is another.
 */
export function detail(record, actions) {
  const surroundings = h('div', { class: 'around', 'data-test': 'around', hidden: true });
  const aroundButton = h('button', { type: 'button', class: 'btn btn-small', 'data-test': 'around-button', 'aria-expanded': 'false' }, 'Lines around');
  aroundButton.addEventListener('click', () => {
    surroundings.hidden = !surroundings.hidden;
    aroundButton.setAttribute('aria-expanded', String(!surroundings.hidden));
    if (surroundings.hidden) surroundings.textContent = '';
    else around(surroundings, record, actions);
    actions.changed();
  });
  const copy = (text, what) => () => actions.copy(text, what);
  return h('div', { class: 'detail', 'data-test': 'detail' },
    h('div', { class: 'detail-actions' },
      h('button', { type: 'button', class: 'btn btn-small', 'data-test': 'copy-json', onclick: copy(asJson(record), 'Record as JSON') }, icon('copy'), 'Copy as JSON'),
      h('button', { type: 'button', class: 'btn btn-small', onclick: copy(record.message, 'Message') }, icon('copy'), 'Copy message'),
      aroundButton,
      h('button', { type: 'button', class: 'btn btn-small', onclick: () => actions.link(record) }, 'Copy link')),
    message(record.message, actions),
    h('table', { class: 'detail-table' },
      h('caption', { class: 'visually-hidden' }, 'Fields of the record'),
      h('tbody', null, fields(record).map((field) => fieldRow(field, actions)))),
    surroundings);
}

/** The message; what is marked in it can be asked for or excluded. */
function message(text, actions) {
  const choices = h('div', { class: 'detail-marked', 'data-test': 'marked-text', hidden: true });
  const button = (label, part, exclude, test) => h('button', { type: 'button', class: 'btn btn-small', 'data-test': test, onclick: () => actions.phrase(part, exclude) }, label);
  const look = () => {
    const part = window.getSelection().toString().trim();
    const short = part.length > 40 ? `${part.slice(0, 39)}…` : part;
    choices.hidden = !part || part.includes('\n') || part.length > 200;
    if (!choices.hidden) replace(choices, button(`Only with “${short}”`, part, false, 'filter-marked'), button(`Without “${short}”`, part, true, 'exclude-marked'));
    actions.changed();
  };
  return [h('pre', { class: 'detail-message', 'data-test': 'detail-message', tabindex: '0', 'aria-label': 'Message', onpointerup: () => setTimeout(look), onkeyup: look }, text), choices];
}

/** [{name, text, show, value, plain}]: plain fields have no buttons to filter. */
function fields(record) {
  const named = (name) => ({ name, value: record[name], text: record[name] ?? 'none', column: name !== 'level' });
  return [
    { name: 'time', text: iso(record.ts), plain: true, show: h('time', { datetime: iso(record.ts), title: utc(record.ts) }, `${dateTime(record.ts, 'ms')} ${zone(record.ts)}`, h('span', { class: 'dim' }, `  ${iso(record.ts)}`)) },
    { ...named('level'), show: levelTag(record.level), column: false },
    named('service'), named('host'),
    // The language compares scalars of fields it can name.
    ...flatten(record.fields).map(([name, value]) => ({ name, value: value === null || typeof value === 'object' || !canAsk(name) ? undefined : value, text: asText(value), column: true, empty: value === null })),
    { name: 'source', value: String(record.source), text: record.source_name ?? String(record.source), column: true },
    { name: 'arrived', text: iso(record.ingested), plain: true, show: h('time', { datetime: iso(record.ingested), title: utc(record.ingested) }, dateTime(record.ingested, 'ms')) },
    { name: 'record', text: String(record.id), plain: true },
  ];
}

function fieldRow(field, actions) {
  const button = (test, label, sign, onclick, more) => h('button', { type: 'button', class: 'btn-icon', 'data-test': test, 'aria-label': label, title: label, onclick, ...more }, sign);
  const shown = field.show ?? h('span', { class: field.value === null || field.empty ? 'dim' : null }, field.text);
  const can = !field.plain && field.value !== undefined;
  return h('tr', { 'data-test': 'field', 'data-field': field.name },
    h('th', { scope: 'row' }, field.name),
    h('td', { class: 'detail-buttons' },
      can ? button('filter-value', `Only ${field.name} ${field.text}`, icon('plus'), () => actions.filter(field.name, field.value, false)) : null,
      can ? button('exclude-value', `Without ${field.name} ${field.text}`, h('span', { class: 'sign' }, '−'), () => actions.filter(field.name, field.value, true)) : null,
      field.column ? columnButton(field.name, actions, button) : null,
      button('copy-value', `Copy ${field.name}`, icon('copy'), () => actions.copy(field.text, field.name))),
    h('td', { class: 'detail-value' }, shown));
}

const columnsIcon = () => svg('svg', { class: 'icon', viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true' },
  svg('path', { d: 'M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10', fill: 'none', stroke: 'currentColor', 'stroke-width': 1.2 }));

function columnButton(name, actions, button) {
  const on = actions.hasColumn(name);
  const made = button('column-toggle', `Column ${name} in the list`, columnsIcon(), () => {
    actions.column(name);
    made.setAttribute('aria-pressed', String(actions.hasColumn(name)));
  }, { 'aria-pressed': String(on) });
  return made;
}
