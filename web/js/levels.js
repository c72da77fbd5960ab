// The levels: order, colours, shapes and labels. Each has its own shape and weight besides its colour, so that they
// can be told apart in black and white.

import { h, svg } from './dom.js';
import { theme } from './theme.js';

/** From harmless to severe; null (a record without a level) comes first. */
export const LEVELS = [null, 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

const key = (level) => (level ?? 'none').toLowerCase();

export const levelLabel = (level) => level ?? 'no level';
/** The word for the search language: level:error, level:none. */
export const levelWord = key;
export const levelRank = (level) => LEVELS.indexOf(level ?? null);
/** Fill colour (bars, dots) in the theme of now. */
export const levelColor = (level) => theme.color(`level-${key(level)}`);
/** Text colour, contrast at least 4.5:1 on the page. */
export const levelTextColor = (level) => theme.color(`level-${key(level)}-text`);

/** Plotly bar patterns: WARN and FATAL are hatched, so that neighbours in a stack differ by more than hue. */
export const levelPattern = (level) => ({ WARN: '/', FATAL: 'x' })[level] ?? '';

const SHAPES = {
  none: 'M2 5h6', trace: 'M4.2 5a.8.8 0 1 0 1.6 0 .8.8 0 1 0-1.6 0z', debug: 'M2.5 5a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0z',
  info: 'M2 5a3 3 0 1 0 6 0 3 3 0 1 0-6 0z', warn: 'M5 1.5l4 7H1z', error: 'M1.5 1.5h7v7h-7z', fatal: 'M5 .5L9.5 5 5 9.5.5 5z',
};

/** The level's shape in its colour, 10 px; decoration beside the word. */
export function levelShape(level) {
  const k = key(level);
  const hollow = k === 'debug' || k === 'none';
  return svg('svg', { class: `level-shape level-fill-${k}`, viewBox: '0 0 10 10', width: 10, height: 10, 'aria-hidden': 'true' },
    svg('path', { d: SHAPES[k], fill: hollow ? 'none' : 'currentColor', stroke: 'currentColor', 'stroke-width': hollow ? 1.4 : 0 }));
}

/** Shape and word, as used in rows and legends. */
export function levelTag(level) {
  return h('span', { class: `level level-${key(level)}` }, levelShape(level), levelLabel(level));
}
