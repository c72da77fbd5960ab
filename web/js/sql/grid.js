// A result as a table: Tabulator with its virtual rows. NULL, the empty text and text differ; numbers stand right; a click
// on a cell shows the whole value.
import { h, icon } from '../dom.js';
import { LEVELS, levelTag } from '../levels.js';
import { copyText, popover } from '../ui.js';
import { kindOf } from './shape.js';

let library = null;
const load = () => { library ??= import('/vendor/tabulator-tables-6.5.3/tabulator_esm.min.js'); return library; };

const SAMPLE = 200;         // rows that decide how wide a column is
const WIDEST = 60;          // characters
const isLevel = (column, value) => column.name === 'level' && LEVELS.includes(value);

/** A value as text; JSON for what is nested. */
function textOf(value) {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function cellContent(column, value) {
  if (value === null || value === undefined) return h('span', { class: 'value-null' }, 'NULL');
  if (value === '') return h('span', { class: 'value-null', title: 'the empty text' }, '‘’');
  if (isLevel(column, value)) return levelTag(value);
  const text = textOf(value);
  return h('span', null, (text.length > 400 ? `${text.slice(0, 400)}…` : text).replace(/\s*\n\s*/g, ' ↵ '));
}

/** Numbers by size (whole numbers too long for a float too), times and text as text; NULL is last either way. */
function compare(kind) {
  return (a, b, rowA, rowB, column, direction) => {
    const last = direction === 'asc' ? 1 : -1;
    if (a === null || b === null) return a === b ? 0 : a === null ? last : -last;
    if (kind === 'number') {
      const [x, y] = [Number(a), Number(b)];
      if (x !== y || Number.isSafeInteger(x)) return x - y;
      const [p, q] = [textOf(a), textOf(b)];
      return p.length - q.length || (p < q ? -1 : p > q ? 1 : 0);
    }
    const [x, y] = [textOf(a), textOf(b)];
    return kind === 'time' ? (x < y ? -1 : x > y ? 1 : 0) : x.localeCompare(y, undefined, { numeric: true });
  };
}

function widthOf(column, at, rows) {
  const type = column.type.startsWith('ENUM') ? 4 : column.type.length;
  const head = Math.max(column.name.length * 7.8, Math.min(16, type) * 6.8) + 40;
  let most = 0;
  for (const row of rows.slice(0, SAMPLE)) most = Math.max(most, Math.min(WIDEST, textOf(row[at]).length));
  return Math.round(Math.max(head, most * 7.3 + (column.name === 'level' ? 40 : 24)));
}

function showValue(anchor, column, value) {
  const text = textOf(value);
  let pretty = text;
  if (typeof value === 'object' || /^[[{]/.test(text)) {
    try { pretty = JSON.stringify(typeof value === 'object' ? value : JSON.parse(text), null, 2); } catch { /* Only looks like JSON. */ }
  }
  popover(anchor, h('div', { class: 'value' },
    h('div', { class: 'value-head' }, h('strong', null, column.name), h('span', { class: 'dim' }, column.type),
      h('button', { type: 'button', class: 'btn btn-small', 'data-test': 'copy-cell', onclick: () => copyText(value === null ? '' : pretty, 'Value copied') }, icon('copy'), 'Copy')),
    h('pre', { class: value === null ? 'value-text value-null' : 'value-text', 'data-test': 'cell-value', tabindex: '0', 'aria-label': 'Value' }, value === '' ? '(the empty text)' : pretty)),
  { label: `Value of ${column.name}`, test: 'cell-popover' });
}

/** Fills `place` with a table; gives {destroy()}. */
export async function createGrid(place, { columns, rows }) {
  const { TabulatorFull } = await load();
  const element = h('div', { class: 'grid sql-grid', 'data-test': 'sql-grid', 'aria-label': 'Result' });
  place.append(element);
  const table = new TabulatorFull(element, {
    // Fields are numbered: names may be empty, double or hold dots.
    data: rows.map((row) => Object.fromEntries(row.map((value, at) => [`c${at}`, value]))),
    nestedFieldSeparator: false, layout: 'fitData', height: '100%', renderVertical: 'virtual', autoResize: true,
    columnHeaderSortMulti: false, headerSortTristate: true, placeholder: () => h('div', { class: 'grid-placeholder' }, 'The result has no rows.'),
    columns: columns.map((column, at) => {
      const kind = kindOf(column.type);
      const align = kind === 'number' ? 'right' : 'left';
      return {
        title: column.name, field: `c${at}`, width: widthOf(column, at, rows), minWidth: 48, hozAlign: align, headerHozAlign: align, resizable: 'header',
        sorter: compare(kind), headerSortStartingDir: kind === 'number' ? 'desc' : 'asc', cssClass: `cell-${kind}`,
        titleFormatter: () => h('span', { class: 'grid-head' }, h('span', { class: 'grid-name' }, column.name), h('span', { class: 'grid-type', title: column.type }, column.type.startsWith('ENUM') ? 'ENUM' : column.type)),
        formatter: (cell) => {
          const node = cell.getElement();
          node.tabIndex = -1;
          return cellContent(column, cell.getValue());
        },
        cellClick: (event, cell) => { if (window.getSelection().isCollapsed) showValue(cell.getElement(), column, cell.getValue()); },
      };
    }),
  });
  element.addEventListener('keydown', (event) => walk(event));
  await new Promise((done) => { table.on('tableBuilt', done); });
  // The tab key goes to the first cell, not to the scrolling box, which is no part of a grid.
  const enter = () => {
    element.querySelector('.tabulator-tableholder')?.removeAttribute('tabindex');
    const first = element.querySelector('.tabulator-row .tabulator-cell');
    if (first) first.tabIndex = 0;
  };
  table.on('renderComplete', enter);
  enter();
  return {
    destroy() {
      table.destroy();
      element.remove();
    },
  };
}

/** Arrow keys go from cell to cell, Enter shows the value. */
function walk(event) {
  const move = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key];
  const cell = event.target.closest('.tabulator-cell');
  if (event.key === 'Enter' && cell) {
    event.preventDefault();
    cell.click();
  }
  if (!move || !cell) return;
  event.preventDefault();
  const row = cell.closest('.tabulator-row');
  const at = [...row.querySelectorAll('.tabulator-cell')].indexOf(cell);
  const next = move[0] > 0 ? row.nextElementSibling : move[0] < 0 ? row.previousElementSibling : row;
  next?.querySelectorAll('.tabulator-cell')[at + move[1]]?.focus();
}
