// The column at the left of the SQL view: what there is to ask (tables, views, macros with their columns), examples,
// saved and recent queries.
import { h, icon, replace } from '../dom.js';
import { ago, number, si } from '../format.js';
import { prefs } from '../prefs.js';
import { errorBox, skeleton } from '../ui.js';
import { quoted } from './complete.js';
import { library, nameFor } from './library.js';

/** on: {insert(text), open(sql)}: put into the editor at the cursor, or in place of everything and run. */
export function createBrowser(place, on) {
  let schema = null;
  const unfolded = new Set(['logs']);
  const body = h('div', { class: 'sql-schema' });
  const saved = h('div');
  const recent = h('div');
  const examples = h('div');
  const section = (name, title, content, standard) => {
    const open = prefs.get('sql.sections', {})[name] ?? standard;
    const button = h('button', { type: 'button', class: 'side-title', 'aria-expanded': String(open), 'data-test': `sql-section-${name}` }, icon('right'), title);
    content.hidden = !open;
    button.addEventListener('click', () => {
      content.hidden = !content.hidden;
      button.setAttribute('aria-expanded', String(!content.hidden));
      prefs.set('sql.sections', { ...prefs.get('sql.sections', {}), [name]: !content.hidden });
    });
    return h('section', { class: 'side-section', 'aria-label': title }, h('h2', { class: 'side-heading' }, button), content);
  };
  replace(place, section('schema', 'Tables', body, true), section('examples', 'Examples', examples, true), section('saved', 'Saved', saved, true), section('recent', 'Recent', recent, true));

  function drawSchema() {
    const tables = schema.tables.filter((table) => table.kind !== 'macro');
    const macros = schema.tables.filter((table) => table.kind === 'macro');
    // Those nothing is said about are Pintail's own affairs.
    const own = tables.filter((table) => !table.about);
    const rest = h('div', { hidden: true }, own.map(entry));
    const more = own.length ? h('button', { type: 'button', class: 'side-more', onclick: () => { rest.hidden = false; more.remove(); } }, `${own.length} more`) : null;
    replace(body, tables.filter((table) => table.about).map(entry), more, rest, macros.length ? h('h3', { class: 'side-sub' }, 'Macros') : null, macros.map(entry));
    replace(examples, (schema.examples ?? []).map((each) => query({ title: each.title, sql: each.sql, test: 'sql-example' })));
  }

  function entry(table) {
    const columns = table.columns ?? [];
    const open = unfolded.has(table.name);
    const list = h('ul', { class: 'side-columns', hidden: !open }, columns.map(({ name, type }) => h('li', null,
      h('button', { type: 'button', class: 'side-item', title: `Insert ${name}`, 'data-test': 'sql-column', onclick: () => on.insert(quoted(name)) },
        h('span', { class: 'side-name' }, name), h('span', { class: 'side-note', title: type }, type.startsWith('ENUM') ? 'ENUM' : type)))));
    const fold = h('button', { type: 'button', class: 'side-fold', 'aria-expanded': String(open), 'aria-label': `Columns of ${table.name}`, hidden: !columns.length }, icon('right'));
    fold.addEventListener('click', () => {
      list.hidden = !list.hidden;
      fold.setAttribute('aria-expanded', String(!list.hidden));
      if (list.hidden) unfolded.delete(table.name);
      else unfolded.add(table.name);
    });
    const macro = table.kind === 'macro';
    return h('div', { class: 'side-table', 'data-test': 'sql-table', 'data-name': table.name },
      h('div', { class: 'side-row' }, fold,
        h('button', { type: 'button', class: 'side-item', title: [table.about, `Insert ${macro ? table.call ?? table.name : table.name}`].filter(Boolean).join('\n'), onclick: () => on.insert(macro ? table.call ?? `${table.name}()` : quoted(table.name)) },
          h('span', { class: 'side-name' }, macro ? table.call ?? `${table.name}()` : table.name),
          table.rows === null || table.rows === undefined ? (macro ? null : h('span', { class: 'side-note' }, table.kind)) : h('span', { class: 'side-note', title: `${number(table.rows)} rows` }, si(table.rows)))),
      list);
  }

  function query({ title, sql, note, test, tools }) {
    return h('div', { class: 'side-row side-query', 'data-test': test },
      h('button', { type: 'button', class: 'side-item', title: sql, onclick: () => on.open(sql) }, h('span', { class: 'side-name' }, title), note ? h('span', { class: 'side-note' }, note) : null), tools);
  }
  const tool = (label, sign, onclick, test) => h('button', { type: 'button', class: 'side-tool', 'aria-label': label, title: label, onclick, 'data-test': test }, sign);

  /** Saved and recent have changed. */
  function drawLibrary() {
    replace(saved, library.saved.length ? library.saved.map((each) => query({
      title: each.name, sql: each.sql, test: 'sql-saved', tools: [
        tool(`Rename ${each.name}`, '✎', (event) => rename(event.currentTarget.closest('.side-row'), each), 'sql-rename'),
        tool(`Delete ${each.name}`, icon('close'), () => { library.remove(each.name); drawLibrary(); }, 'sql-delete')],
    })) : h('p', { class: 'side-empty' }, 'Save keeps a query here.'));
    replace(recent, library.recent.length ? library.recent.slice(0, 20).map((each) => query({
      title: nameFor(each.sql), sql: each.sql, note: ago(each.at).replace(' ago', ''), test: 'sql-recent',
      tools: tool('Delete from recent', icon('close'), () => { library.forget(each.sql); drawLibrary(); }),
    })) : h('p', { class: 'side-empty' }, 'Queries you run are kept here.'));
  }

  /** The name becomes a field in its place; Enter keeps, Escape leaves. */
  function rename(row, each) {
    const field = h('input', { class: 'input side-rename', 'aria-label': 'New name', value: each.name, 'data-test': 'sql-rename-field' });
    let done = false;
    const end = (keep) => {
      if (done) return;
      done = true;
      if (keep) library.rename(each.name, field.value.trim());
      drawLibrary();
    };
    field.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') end(true);
      if (event.key === 'Escape') { event.stopPropagation(); end(false); }
    });
    field.addEventListener('blur', () => end(true));
    replace(row, field);
    field.select();
  }

  drawLibrary();
  replace(body, skeleton({ lines: 8 }));
  return {
    show(found) { schema = found; drawSchema(); },
    fail(error, retry) { if (!schema) replace(body, errorBox(error, retry)); },
    refresh: drawLibrary,
  };
}
