// A list that only has the rows on screen in the document, over @tanstack/virtual-core, which finds out which those
// are. Rows may differ in height (wrapped, expanded): they are measured when drawn.
//
// Browsers end at 18 to 33 million pixels, so the scroll bar covers a window of at most WINDOW rows, which moves on
// when one comes near its end; the row one reads stays where it is.
import {
  Virtualizer, elementScroll, observeElementOffset, observeElementRect,
} from '../../vendor/tanstack-virtual-3.19.11/virtual-core.min.js';

const WINDOW = 300_000;
const EDGE = 2_000;

export class VirtualList {
  /**
   * scroller: the element that scrolls; holder: the element inside it that rows go into.
   * rowHeight(): pixels of a plain row. key(index): the same for the same row, always.
   * grows(index): whether a row may be higher than that.
   * draw(index, node|null): the row's element; gets the one drawn before, if it is still there.
   * onRange(first, last): after scrolling.
   */
  constructor({ scroller, holder, rowHeight, grows, key, draw, onRange }) {
    Object.assign(this, { scroller, holder, rowHeight, grows, key, draw, onRange });
    this.nodes = new Map();     // key -> element
    this.count = 0;
    this.base = 0;              // rows before the window
    this.frame = 0;
    this.virtual = new Virtualizer(this.options());
    this.unmount = this.virtual._didMount();
    this.virtual._willUpdate();
  }

  options() {
    return {
      count: Math.min(this.count - this.base, WINDOW),
      getScrollElement: () => this.scroller,
      estimateSize: () => this.rowHeight(),
      getItemKey: (index) => this.key(index + this.base),
      overscan: 12,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      onChange: () => this.schedule(),
    };
  }

  schedule() {
    // One drawing a frame, whatever happens in between.
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  /** The number of rows, or what rows show, has changed. */
  update(count = this.count) {
    this.count = count;
    this.base = Math.min(this.base, Math.max(0, count - 1));
    this.virtual.setOptions(this.options());
    this.virtual._willUpdate();
    this.schedule();
  }

  /** All rows have another height (density, wrapping). */
  resize() {
    const top = this.virtual.getVirtualItemForOffset(this.scroller.scrollTop)?.index ?? 0;
    this.virtual.measure();
    if (top) this.virtual.scrollToIndex(top, { align: 'start' });
    this.schedule();
  }

  paint() {
    const items = this.virtual.getVirtualItems();
    this.holder.style.height = `${this.virtual.getTotalSize()}px`;
    const wanted = new Set(items.map((item) => item.key));
    for (const [key, node] of this.nodes) {
      if (wanted.has(key)) continue;
      node.remove();
      this.nodes.delete(key);
    }
    let before = null;
    for (const item of items) {
      const old = this.nodes.get(item.key) ?? null;
      const node = this.draw(item.index + this.base, old);
      if (node !== old) {
        old?.remove();
        this.nodes.set(item.key, node);
      }
      node.dataset.index = item.index;
      node.style.transform = `translateY(${item.start}px)`;
      // In the order of the screen, for screen readers and the tab key.
      const place = before ? before.nextSibling : this.holder.firstChild;
      if (place !== node) this.holder.insertBefore(node, place);
      before = node;
    }
    this.measure(items);
    if (!items.length) return;
    this.onRange(items[0].index + this.base, items[items.length - 1].index + this.base);
    this.moveWindow(items[0].index, items[items.length - 1].index);
  }

  // After all writing, so that the browser lays out once; and only rows whose height is not known.
  measure(items) {
    const plain = this.rowHeight();
    for (const item of items) {
      if (this.grows(item.index + this.base)) this.virtual.measureElement(this.nodes.get(item.key));
      else if (item.size !== plain) this.virtual.resizeItem(item.index, plain);
    }
  }

  moveWindow(first, last) {
    let by = 0;
    if (last > WINDOW - EDGE && this.base + WINDOW < this.count) by = Math.min(WINDOW / 2, this.count - WINDOW - this.base);
    else if (first < EDGE && this.base > 0) by = -Math.min(WINDOW / 2, this.base);
    if (!by) return;
    const anchor = this.virtual.getVirtualItemForOffset(this.scroller.scrollTop);
    const within = this.scroller.scrollTop - anchor.start;
    this.base += by;
    this.update();
    this.holder.style.height = `${this.virtual.getTotalSize()}px`;
    const [start] = this.virtual.getOffsetForIndex(anchor.index - by, 'start');
    this.scroller.scrollTop = start + within;
  }

  scrollTo(index) {
    this.virtual.scrollToIndex(index - this.base, { align: 'auto' });
  }

  /** Before other rows take the place of these: none of the old heights holds. */
  reset() {
    this.base = 0;
    this.count = 0;
    for (const node of this.nodes.values()) node.remove();
    this.nodes.clear();
    this.virtual.setOptions(this.options());
    this.virtual.measure();
    this.scroller.scrollTop = 0;
  }

  nodeAt(index) {
    return this.nodes.get(this.key(index)) ?? null;
  }

  destroy() {
    cancelAnimationFrame(this.frame);
    this.unmount?.();
    this.nodes.clear();
    this.holder.replaceChildren();
  }
}
