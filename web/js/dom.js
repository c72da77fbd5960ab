// Builds elements without markup strings: text is always text, so a log message can never become HTML.

import { hasControls, named, parted } from './controls.js';

const SVG = 'http://www.w3.org/2000/svg';

/**
 * h('button', { class: 'btn', onclick: fn, 'data-test': 'x', disabled: true }, 'Text', child, [more])
 * Functions become listeners, true an empty attribute; null, undefined and false are left out. `style` is an object.
 */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG elements. */
export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value);
    else if (name === 'style') Object.assign(element.style, value);
    else if (name === 'value' || name === 'checked') element[name] = value;
    else element.setAttribute(name, value === true ? '' : SHOWN.has(name) ? named(String(value)) : String(value));
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else if (child instanceof Node) element.append(child);
    else element.append(...visible(String(child)));
  }
}

/** Attributes that people read. */
const SHOWN = new Set(['title', 'aria-label']);

/** A text as nodes in which every control character is seen. */
function visible(text) {
  if (!hasControls(text)) return [text];
  return parted(text).map((part) => {
    if (typeof part === 'string') return part;
    const sign = document.createElement('span');
    sign.className = 'control';
    [sign.textContent] = part;
    return sign;
  });
}

/** Replaces everything in an element. */
export function replace(element, ...children) {
  element.textContent = '';
  append(element, children);
  return element;
}

/** Sets text only when it differs, so that a selection inside it survives a refresh. */
export function setText(element, text) {
  const shown = named(String(text));
  if (element.textContent !== shown) element.textContent = shown;
}

const ICONS = {
  chevron: 'M4 6l4 4 4-4',
  right: 'M6 4l4 4-4 4',
  left: 'M10 4L6 8l4 4',
  minus: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3L14 14M5 7h4',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.6M13 2.5V5h-2.5',
  theme: 'M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  close: 'M4 4l8 8M12 4l-8 8',
  copy: 'M6 6h7v7H6zM10 6V3H3v7h3',
  download: 'M8 2.5v8M4.5 7.5L8 11l3.5-3.5M3 13.5h10',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3L14 14',
  check: 'M3.5 8.5l3 3 6-7',
  clock: 'M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM8 5v3l2 1.5',
  help: 'M6 6a2 2 0 1 1 2.8 1.9c-.5.3-.8.6-.8 1.3M8 11.5h.01',
  warning: 'M8 2.5l6 11H2zM8 6.5v3M8 11.6h.01',
  plus: 'M8 3v10M3 8h10',
  play: 'M5 3.5v9l7-4.5z',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
};

/** A 16 px line icon; decoration only, so give its button an aria-label or text. */
export function icon(name) {
  return svg('svg', { class: 'icon', viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true' },
    svg('path', { d: ICONS[name], fill: 'none', stroke: 'currentColor', 'stroke-width': name === 'more' ? 2 : 1.4,
      'stroke-linecap': 'round', 'stroke-linejoin': 'round' }));
}
