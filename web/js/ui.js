// Pieces every view uses: skeleton, empty state, error in place, panel, toast, dialog, menu, copy.

import { h, icon, replace, setText } from './dom.js';

/** Grey bars where text or a chart will be. lines: how many; or fill: one area as high as its box. */
export function skeleton({ lines = 3, fill = false } = {}) {
  const bars = fill ? [h('div', { class: 'skeleton skeleton-fill' })]
    : Array.from({ length: lines }, (_, i) => h('div', { class: 'skeleton', style: { width: `${[92, 78, 85, 64, 88][i % 5]}%` } }));
  return h('div', { class: `skeletons${fill ? ' fills' : ''}`, 'aria-hidden': 'true', 'data-test': 'skeleton' }, bars);
}

/** Says what is not there and what to do next. actions: elements (links, buttons). */
export function empty({ title, text = '', actions = [] }) {
  return h('div', { class: 'empty', 'data-test': 'empty' },
    h('p', { class: 'empty-title' }, title), text && h('p', { class: 'dim' }, text),
    actions.length > 0 && h('div', { class: 'empty-actions' }, actions));
}

/** What happened, what to do, and a button that tries again. */
export function errorBox(error, retry) {
  return h('div', { class: 'error-box', role: 'alert', 'data-test': 'error' }, icon('warning'),
    h('div', null, h('p', { class: 'error-text' }, error.message), error.hint && h('p', { class: 'dim' }, error.hint)),
    retry && h('button', { class: 'btn', onclick: retry, 'data-test': 'retry' }, 'Try again'));
}

/**
 * A titled part of a view. Its body keeps its place while it shows a skeleton, an error or nothing.
 * panel({ title, test, note, tools: [elements], class }) -> { el, body, tools, note(text), loading(), ready(), error(e, retry),
 * empty({…}) }. Put content into `body` once; the other states lie over it. A refresh that fails leaves what was there, with
 * a line that says so; after a change of the address the old content would be wrong, so the error takes its place.
 */
export function panel({ title, test, note = '', tools = [], className = '', level = 2 }) {
  const noteEl = h('span', { class: 'panel-note' }, note);
  const toolsEl = h('div', { class: 'panel-tools' }, tools);
  const body = h('div', { class: 'panel-content' });
  const cover = h('div', { class: 'panel-cover', hidden: true });
  const box = h('div', { class: 'panel-body' }, body, cover);
  const el = h('section', { class: `panel ${className}`, 'data-test': test, 'aria-label': title },
    h('div', { class: 'panel-head' }, h(`h${level}`, null, title), noteEl, toolsEl), box);
  const stale = h('div', { class: 'panel-stale', role: 'status', hidden: true });
  el.querySelector('.panel-head').after(stale);
  let filled = false;
  let shownFor = null;
  const over = (node) => {
    replace(cover, node);
    cover.hidden = !node;
    body.style.visibility = node ? 'hidden' : '';
    el.dataset.state = node ? 'covered' : 'ready';
  };
  return {
    el, body, tools: toolsEl, box,
    note: (content) => (typeof content === 'string' ? setText(noteEl, content) : replace(noteEl, content)),
    /** A skeleton the first time; later what is there stays until it is replaced. */
    loading(options = { fill: true }) {
      if (!filled) over(skeleton(options));
      el.dataset.busy = 'true';
    },
    ready() {
      filled = true;
      shownFor = window.location.href;
      stale.hidden = true;
      over(null);
      delete el.dataset.busy;
    },
    error(error, retry) {
      delete el.dataset.busy;
      if (filled && shownFor === window.location.href) {
        replace(stale, icon('warning'), h('span', null, `Not refreshed: ${error.message}`), h('button', { type: 'button', class: 'link', onclick: retry, 'data-test': 'retry' }, 'Try again'));
        stale.hidden = false;
        return;
      }
      stale.hidden = true;
      filled = false;
      over(errorBox(error, retry));
    },
    empty(options) {
      filled = false;
      stale.hidden = true;
      over(empty(options));
      delete el.dataset.busy;
    },
    get filled() { return filled; },
  };
}

export function button({ label, iconName, onclick, test, title, main = false, quiet = false, ...rest }) {
  return h('button', { type: 'button', class: `btn${main ? ' btn-main' : ''}${quiet ? ' btn-quiet' : ''}${label ? '' : ' btn-icon'}`,
    onclick, 'data-test': test, title, 'aria-label': label ? null : title, ...rest }, iconName && icon(iconName), label);
}

/** A short message at the bottom; it goes by itself. */
export function toast(message, { kind = 'info', seconds = 4 } = {}) {
  const el = h('div', { class: `toast toast-${kind}`, 'data-test': 'toast' }, message);
  const host = document.querySelector('dialog[open] .toasts') ?? document.getElementById('toasts');
  host.append(el);
  setTimeout(() => el.remove(), seconds * 1000);
}

/** A modal dialog; Escape closes it. -> { el, close }. onClose runs however it was closed. */
export function dialog({ title, body, closable = true, test, wide = false, onClose }) {
  const id = `dialog-${Math.random().toString(36).slice(2)}`;
  const el = h('dialog', { class: `dialog${wide ? ' dialog-wide' : ''}`, 'aria-labelledby': id, 'data-test': test },
    h('div', { class: 'dialog-head' }, h('h2', { id }, title),
      closable && button({ iconName: 'close', title: 'Close', quiet: true, onclick: () => el.close(), test: 'dialog-close' })),
    h('div', { class: 'dialog-body' }, body));
  // A second Escape would close a dialog whatever its cancel event says.
  el.addEventListener('keydown', (event) => { if (!closable && event.key === 'Escape') event.preventDefault(); });
  el.addEventListener('click', (event) => { if (closable && event.target === el) el.close(); });
  el.addEventListener('close', () => { el.remove(); onClose?.(); });
  document.body.append(el);
  el.showModal();
  return { el, close: () => el.close() };
}

let open = null;

/** Shows an element below its button; a click elsewhere or Escape closes it. align: 'start' or 'end'. */
export function popover(anchor, content, { align = 'start', test, label, role = 'dialog', onClose } = {}) {
  open?.close();
  const el = h('div', { class: 'popover', role, 'aria-label': label, 'data-test': test, tabindex: '-1' }, content);
  // Where its button is: outside a modal dialog everything is inert, and readers look for it in its landmark.
  (anchor.closest('dialog, header, main') ?? document.body).append(el);
  const place = () => {
    const a = anchor.getBoundingClientRect();
    const width = el.offsetWidth;
    const left = align === 'end' ? a.right - width : a.left;
    el.style.left = `${Math.max(8, Math.min(left, window.innerWidth - width - 8))}px`;
    const below = window.innerHeight - a.bottom - 12;
    const up = el.offsetHeight > below && a.top > below;
    el.style.maxHeight = `${Math.max(120, up ? a.top - 12 : below)}px`;
    el.style.top = up ? `${Math.max(8, a.top - 4 - Math.min(el.offsetHeight, a.top - 12))}px` : `${a.bottom + 4}px`;
  };
  const outside = (event) => { if (!el.contains(event.target) && !anchor.contains(event.target)) handle.close(); };
  const key = (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    handle.close();
    anchor.focus();
  };
  const handle = {
    el, anchor,
    close() {
      if (open !== handle) return;
      open = null;
      el.remove();
      anchor.setAttribute('aria-expanded', 'false');
      document.removeEventListener('pointerdown', outside, true);
      document.removeEventListener('keydown', key, true);
      window.removeEventListener('resize', handle.close);
      onClose?.();
    },
  };
  document.addEventListener('pointerdown', outside, true);
  document.addEventListener('keydown', key, true);
  window.addEventListener('resize', handle.close);
  anchor.setAttribute('aria-expanded', 'true');
  open = handle;
  place();
  return handle;
}
/** Whether a popover of this button is open (its click then closes it). */
export const popoverOf = (anchor) => (open?.anchor === anchor ? open : null);

/**
 * A menu on a button. items: array or function -> [{ label, hint, checked, run, href, download, test }] or 'line' between.
 */
export function menu(anchor, items, { align = 'end', label, test } = {}) {
  anchor.setAttribute('aria-haspopup', 'menu');
  anchor.setAttribute('aria-expanded', 'false');
  anchor.addEventListener('click', () => {
    if (popoverOf(anchor)) return popoverOf(anchor).close();
    const list = (typeof items === 'function' ? items() : items).map((item) => {
      if (item === 'line') return h('hr');
      const props = { class: 'menu-item', role: item.checked === undefined ? 'menuitem' : 'menuitemradio', tabindex: '-1',
        'aria-checked': item.checked === undefined ? null : String(item.checked), 'data-test': item.test };
      const inside = [item.checked === undefined ? null : h('span', { class: 'menu-check' }, item.checked && icon('check')),
        h('span', { class: 'menu-label' }, item.label), item.hint && h('span', { class: 'menu-hint' }, item.hint)];
      const done = () => { handle.close(); anchor.focus(); item.run?.(); };
      return item.href ? h('a', { ...props, href: item.href, download: item.download ?? null, onclick: () => setTimeout(() => handle.close()) }, inside)
        : h('button', { ...props, type: 'button', onclick: done }, inside);
    });
    const handle = popover(anchor, list, { align, label, test, role: 'menu' });
    const entries = list.filter((el) => el.tagName !== 'HR');
    const focus = (i) => entries[(i + entries.length) % entries.length].focus();
    handle.el.addEventListener('keydown', (event) => {
      const at = entries.indexOf(document.activeElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 }[event.key];
      if (event.key === 'Tab') handle.close();
      if (to === undefined) return;
      event.preventDefault();
      focus(to);
    });
    return focus(Math.max(0, entries.findIndex((el) => el.getAttribute('aria-checked') === 'true')));
  });
  return anchor;
}

export async function copyText(text, what = 'Copied') {
  try {
    await navigator.clipboard.writeText(text);
    toast(what);
  } catch {
    // Only secure origins have a clipboard; a marked field does it everywhere.
    const field = h('textarea', { class: 'offscreen' });
    field.value = text;
    (document.querySelector('dialog[open]') ?? document.body).append(field);
    field.select();
    const worked = document.execCommand('copy');
    field.remove();
    toast(worked ? what : 'The browser does not allow copying here', { kind: worked ? 'info' : 'error' });
  }
}

/** Gives the browser a file made here. */
export function saveFile(name, content, type = 'text/plain') {
  const address = URL.createObjectURL(new Blob([content], { type }));
  h('a', { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
