// The list of results: which pages there are (pages.js), which rows are on screen (virtual.js), what has arrived since
// (arrivals.js), which rows are expanded and which one the keyboard is on.
import { h } from '../dom.js';
import { copyText } from '../ui.js';
import { iso } from '../format.js';
import { Pages } from './pages.js';
import { VirtualList } from './virtual.js';
import { Arrivals } from './arrivals.js';
import { blank, row } from './row.js';
import { detail } from './detail.js';
import { footer } from './footer.js';

const AHEAD = 200;          // rows before the end at which the next page is asked for
const HEAD_MOST = 3000;     // live rows on top before the list is made anew (its pages cannot be let go)

export class Results {
  /**
   * place: the element to fill. fetchLogs(params, signal): /api/logs. look(): {columns, wrap, withDate, patterns, rowHeight}.
   * on: {state(info), tail(info), expanded(id|null), problem(error), swapped(pages), grown(pages)}; actions: what the buttons of a record do (detail.js).
   */
  constructor(place, { fetchLogs, look, on, actions }) {
    Object.assign(this, { fetchLogs, look, on });
    this.actions = { ...actions, look, changed: () => this.list.schedule() };
    this.pages = null;
    this.search = null;
    this.expanded = new Map();      // id -> its detail element, kept so that scrolling away loses nothing
    this.cursor = null;             // key of the row the keyboard is on
    this.paused = false;
    this.version = 0;               // rows drawn under an older version are drawn again
    this.holder = h('div', { class: 'rows-holder', role: 'list', 'aria-label': 'Records, newest first' });
    this.footer = footer({ onRetry: () => this.pages.retry(), onGoOn: () => this.pages.more() });
    this.scroller = h('div', { class: 'rows', 'data-test': 'rows', tabindex: '0', role: 'region', 'aria-label': 'Results' }, this.holder, this.footer.element);
    this.pill = h('button', { type: 'button', class: 'pill', 'data-test': 'new-pill', hidden: true, onclick: () => this.showNew() });
    place.append(this.pill, this.scroller);
    this.dress();
    this.list = new VirtualList({
      scroller: this.scroller, holder: this.holder, rowHeight: () => this.style.rowHeight,
      grows: (index) => this.style.wrap || this.expanded.has(this.pages.at(index)?.id),
      key: (index) => index - (this.pages?.head.length ?? 0),
      draw: (index, node) => this.draw(index, node),
      onRange: (first, last) => this.reached(first, last),
    });
    this.arrivals = new Arrivals({ onWaiting: () => this.arrived(), onState: (info) => on.tail(info) });
    this.scroller.addEventListener('click', (event) => this.click(event));
    this.scroller.addEventListener('scroll', () => this.scrolled(), { passive: true });
  }

  /** {q, from, to}. quiet: the same search again; what is shown stays until its answer is there. */
  run(search, { quiet = false } = {}) {
    this.search = search;
    this.coming?.close();
    const pages = new Pages({
      fetchPage: (cursor, limit, signal) => this.fetchLogs({ ...search, limit, before: cursor }, signal),
      onChange: () => {
        if (this.coming === pages && (pages.started || pages.error)) this.swap(pages);
        if (this.pages !== pages) return;
        this.list.update(pages.length);
        this.footer.show(pages);
        this.on.grown(pages);
      },
      onState: (info) => this.on.state({ ...info, pages }),
    });
    this.coming = pages;
    if (!quiet) this.scroller.classList.add('rows-stale');
    if (!this.pages) this.footer.wait();
    return pages.more();
  }

  /** The first answer of a new search is there: it takes the place of what was shown. */
  swap(pages) {
    this.pages?.close();
    this.pages = pages;
    this.coming = null;
    this.version += 1;
    this.dress();
    this.expanded.clear();
    this.cursor = null;
    this.scroller.classList.remove('rows-stale');
    this.list.reset();
    this.arrivals.reset(pages.newest, pages.pages[0]?.records ?? []);
    this.showPill();
    if (pages.error) this.on.problem(pages.error);
    this.on.swapped(pages);
  }

  draw(index, node) {
    const record = this.pages.at(index);
    const key = this.list.key(index);
    if (!record) return node?.blank ? node : Object.assign(blank(), { blank: true });
    let drawn = node;
    if (!drawn || drawn.record !== record || drawn.version !== this.version || drawn.open !== this.expanded.has(record.id)) {
      drawn = row(record, this.style, this.expanded.get(record.id) ?? null);
      Object.assign(drawn, { record, version: this.version, open: this.expanded.has(record.id) });
    }
    const here = key === this.cursor;
    drawn.classList.toggle('row-current', here);
    if (here) drawn.setAttribute('aria-current', 'true');
    else drawn.removeAttribute('aria-current');
    return drawn;
  }

  reached(first, last) {
    const { pages } = this;
    pages.trim(first, last);
    if (last >= pages.length - AHEAD && !pages.stopped && !pages.ended) pages.more();
  }

  /** Columns, wrapping or density are others. */
  restyle() {
    this.version += 1;
    this.dress();
    this.list.resize();
  }

  dress() {
    // Kept: it is needed for every row.
    this.style = this.look();
    const { wrap, relaxed } = this.style;
    this.scroller.classList.toggle('rows-wrap', wrap);
    this.scroller.classList.toggle('rows-relaxed', relaxed);
  }

  click(event) {
    const line = event.target.closest('.row-line');
    const element = line?.closest('.row');
    if (!element?.record || event.target.closest('.detail')) return;
    // Marking text with the mouse is no click.
    if (!window.getSelection().isCollapsed && !event.target.closest('.row-toggle')) return;
    this.toggle(element.record);
  }

  toggle(record) {
    if (this.expanded.has(record.id)) this.expanded.delete(record.id);
    else this.expanded.set(record.id, detail(record, this.actions));
    this.on.expanded([...this.expanded.keys()].pop() ?? null);
    this.list.schedule();
    this.showPill();
  }

  // New rows.

  get reading() {
    const selection = window.getSelection();
    return this.paused || this.expanded.size > 0 || this.cursor !== null || this.scroller.scrollTop > 4
      || (!selection.isCollapsed && this.scroller.contains(selection.anchorNode));
  }

  arrived() {
    if (!this.pages) return;
    if (this.reading) this.showPill();
    else this.showNew();
  }

  showNew() {
    if (this.arrivals.overflow || this.pages.head.length > HEAD_MOST) {
      // Once: at a high rate the next records are here before the answer is.
      if (!this.coming) this.run(this.search, { quiet: true });
      return;
    }
    this.paused = false;
    this.cursor = null;
    this.pages.prepend(this.arrivals.flush());
    this.list.update(this.pages.length);
    this.footer.show(this.pages);
    this.on.grown(this.pages);
    this.scroller.scrollTop = 0;
    this.showPill();
    this.on.tail({ on: Boolean(this.arrivals.stream), connected: this.arrivals.connected, dropped: this.arrivals.dropped });
  }

  showPill() {
    const { count, overflow } = this.arrivals;
    this.pill.hidden = count === 0;
    if (count) this.pill.textContent = `↑ ${count.toLocaleString('en')}${overflow ? '+' : ''} new`;
  }

  scrolled() {
    if (this.arrivals.count && !this.reading) this.showNew();
  }

  // The keyboard.

  move(by) {
    if (!this.pages?.length) return;
    const offset = this.pages.head.length;
    const now = this.cursor === null ? null : this.cursor + offset;
    const first = this.list.virtual.getVirtualItemForOffset(this.scroller.scrollTop)?.index ?? 0;
    const next = now === null ? first + this.list.base : Math.max(0, Math.min(this.pages.length - 1, now + by));
    this.cursor = next - offset;
    this.list.scrollTo(next);
    this.list.schedule();
  }

  get current() {
    return this.cursor === null ? null : this.pages?.at(this.cursor + this.pages.head.length) ?? null;
  }

  key(event) {
    const act = {
      j: () => this.move(1), k: () => this.move(-1),
      Enter: () => this.current && this.toggle(this.current),
      c: () => this.current && copyLine(this.current),
      Escape: () => this.leave(),
    }[event.key];
    // Enter on a button is that button's.
    if (!act || (event.key === 'Enter' && event.target.closest('button, a, summary'))) return false;
    act();
    return true;
  }

  leave() {
    this.cursor = null;
    this.expanded.clear();
    this.on.expanded(null);
    this.list.schedule();
    this.showPill();
  }

  destroy() {
    this.pages?.close();
    this.coming?.close();
    this.arrivals.stopTail();
    this.list.destroy();
  }
}

/** A record as one line, as a log file has it. */
function copyLine(record) {
  return copyText([iso(record.ts), record.level, record.service, record.message].filter(Boolean).join(' '), 'Line copied');
}
