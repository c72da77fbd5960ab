// Tables through Tabulator, with the page's own look (css/table.css). Sortable, exportable, usable by keyboard: Tab goes
// into the table, arrows or j and k move, Enter opens. Cells are text or elements, never markup.

import { h } from './dom.js';

/** Rows as a text that tells whether they are the same; null for rows that refer to each other. */
function keyOf(rows) {
  try {
    return JSON.stringify(rows);
  } catch {
    return null;
  }
}

let library = null;
const load = () => { library ??= import('/vendor/tabulator-tables-6.5.3/tabulator_esm.min.js'); return library; };

/**
 * createTable(host, { columns, test, label, onRow(data, event), placeholder, sort, height, name })
 * maxHeight: the rows scroll inside beyond it; virtual: only those on screen are made. rowClass(data) -> { class: whether }.
 * columns: [{ title, field, width, minWidth, grow, align: 'right', cell(value, data) -> text or element, csv(value, data), sorter, hint,
 *   sortable, priority, visible: false for files only }] -> { set(rows), download(), rows(), key(event), destroy() }
 * priority: columns with higher numbers go to a second line first when the table is narrow.
 */
export function createTable(host, { columns, test, label, onRow, placeholder = 'Nothing here', sort = [], height, maxHeight, virtual = false, name = 'table', index, rowClass }) {
  const el = h('div', { class: `grid${onRow ? ' grid-clickable' : ''}`, 'data-test': test, style: { minHeight: height ? `${height}px` : null } });
  host.append(el);
  let table = null;
  let pending = null;
  let shown = '';
  let dead = false;

  const ready = load().then(({ TabulatorFull }) => new Promise((resolve) => {
    if (dead) return;
    table = new TabulatorFull(el, {
      data: [], index, layout: 'fitColumns', height: height ?? false, maxHeight: maxHeight ?? false, renderVertical: height || virtual ? 'virtual' : 'basic',
      placeholder: () => h('div', { class: 'grid-placeholder' }, placeholder),
      initialSort: sort.map(([column, dir]) => ({ column, dir })), sortOrderReverse: true, columnHeaderSortMulti: false, headerSortTristate: false,
      responsiveLayout: 'collapse', responsiveLayoutCollapseStartOpen: true, responsiveLayoutCollapseUseFormatters: true, responsiveLayoutCollapseFormatter: collapsed,
      autoResize: true, downloadEncoder: (content, mime) => new Blob([content], { type: mime }), downloadConfig: { columnHeaders: true },
      columns: columns.map(column),
      rowFormatter: (row) => decorate(row),
    });
    table.on('tableBuilt', () => {
      el.querySelector('.tabulator-header')?.setAttribute('aria-label', `${label}, columns`);
      el.setAttribute('aria-label', label);
      // The rows take the focus; a grid must not have another stop around them.
      el.querySelector('.tabulator-tableholder')?.removeAttribute('tabindex');
      resolve(table);
    });
    if (onRow) table.on('rowClick', (event, row) => { if (!event.target.closest('a, button') && !String(window.getSelection())) onRow(row.getData(), event); });
  }));

  function column(c) {
    return {
      title: c.title, field: c.field, visible: c.visible !== false, download: true, width: c.width, minWidth: c.minWidth ?? 48, widthGrow: c.grow ?? 1, widthShrink: 0, hozAlign: c.align ?? 'left', headerHozAlign: c.align ?? 'left',
      responsive: c.priority ?? 0, headerSort: c.sortable !== false, headerSortStartingDir: c.align === 'right' ? 'desc' : 'asc', headerTooltip: c.hint ?? false,
      sorter: c.sorter ?? (c.align === 'right' ? 'number' : 'string'), sorterParams: { alignEmptyValues: 'bottom' }, resizable: false, cssClass: `${c.className ?? ''}${c.align === 'right' ? ' cell-num' : ''}`.trim(),
      formatter: (cell) => {
        const made = c.cell ? c.cell(cell.getValue(), cell.getData()) : cell.getValue();
        // A string would be taken as markup.
        return made instanceof Node ? made : h('span', null, made === null || made === undefined ? '–' : String(made));
      },
      accessorDownload: (value, data) => (c.csv ? c.csv(value, data) : value ?? ''),
    };
  }

  function collapsed(cells) {
    if (!cells.length) return '';
    const more = h('dl', { class: 'grid-more' }, cells.map(({ title, value }) => h('div', null, h('dt', null, title), h('dd', null, value instanceof Node ? value : String(value ?? '–')))));
    // A row may only hold cells.
    queueMicrotask(() => more.parentElement?.setAttribute('role', 'gridcell'));
    return more;
  }

  function decorate(row) {
    const node = row.getElement();
    if (index) node.dataset.key = row.getData()[index];
    for (const [name, on] of Object.entries(rowClass?.(row.getData()) ?? {})) node.classList.toggle(name, Boolean(on));
    if (!onRow || node.tabIndex === 0) return;
    node.tabIndex = 0;
    node.addEventListener('keydown', (event) => { if (event.key === 'Enter' && event.target === node) { event.preventDefault(); onRow(row.getData(), event); } });
  }

  /** Rows are made anew: what had the focus gets it again. */
  function focusedPlace() {
    const at = document.activeElement;
    const row = el.contains(at) && at.closest('.tabulator-row');
    if (!row || row.dataset.key === undefined) return null;
    const test = at === row ? null : at.dataset.test;
    return () => {
      const again = rowNodes().find((node) => node.dataset.key === row.dataset.key);
      (at === row ? again : test && again?.querySelector(`[data-test="${test}"]`))?.focus({ preventScroll: true });
    };
  }

  const rowNodes = () => [...el.querySelectorAll('.tabulator-row')];

  el.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (api.move(event.key === 'ArrowDown' ? 1 : -1)) event.preventDefault();
    }
  });

  const api = {
    el,
    /** New rows; the order and the place of scrolling stay. */
    async set(rows) {
      pending = rows;
      await ready;
      if (dead || pending !== rows) return;
      // Most refreshes bring nothing new.
      const key = keyOf(rows);
      if (key !== null && key === shown) return;
      shown = key;
      const focused = focusedPlace();
      if (table.getDataCount() === 0) await table.setData(rows);
      else await table.replaceData(rows);
      focused?.();
    },
    /** Focus to the next (1) or previous (-1) row. */
    move(by) {
      const nodes = rowNodes();
      if (!nodes.length) return false;
      const at = nodes.indexOf(document.activeElement?.closest?.('.tabulator-row'));
      const next = nodes[at < 0 ? 0 : Math.min(nodes.length - 1, Math.max(0, at + by))];
      next.focus();
      next.scrollIntoView({ block: 'nearest' });
      return true;
    },
    /** For a view's key(): j and k. */
    key: (event) => (event.key === 'j' ? api.move(1) : event.key === 'k' ? api.move(-1) : false),
    /** All rows as a CSV file, in the order shown. */
    download: () => ready.then(() => table.download('csv', `pintail-${name}.csv`)),
    rows: () => table?.getData('active') ?? [],
    ready,
    destroy() {
      dead = true;
      table?.destroy();
      el.remove();
    },
  };
  return api;
}
