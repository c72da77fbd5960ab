// What a series is about (a service, a level, a field): in words, as a search, and as the question that Why asks.
// null is all of them, '' the records without one.

import { h } from './dom.js';
import { LEVELS, levelTag } from './levels.js';
import { term } from './query.js';

const word = (level) => (level ? level.toLowerCase() : null);

/** The search for its records: { service, level (exactly), min_level (and above) } */
export function searchOf({ service = null, level = null, min_level: least = null }) {
  return [
    service !== null && term('service', service || null),
    level !== null && term('level', word(level)),
    least !== null && `level:>=${word(least)}`,
  ].filter(Boolean).join(' ');
}

/** What showWhy asks about it; there undefined is all and null none. */
export const whyOf = ({ service = null, level = null, min_level: least = null }) => ({
  service: service === null ? undefined : service || null,
  level: level === null ? undefined : level || null,
  minLevel: least ?? undefined,
});

/** Its service and field, without the level. */
export function subjectLabel({ service = null, field = null }) {
  const of = service === null ? 'everything' : service || 'no service';
  return field ? `${of} ${field}` : of;
}

/** Shape and word of its level; with a plus for this one and above. */
export function subjectLevel({ level = null, min_level: least = null }) {
  if (least !== null) return h('span', { title: `${least} and above` }, levelTag(least), h('span', { class: 'dim', 'aria-hidden': 'true' }, ' +'), h('span', { class: 'visually-hidden' }, ' and above'));
  return level === null ? h('span', { class: 'dim' }, 'all') : levelTag(level || null);
}

/** As a text, for files. */
export const levelText = ({ level = null, min_level: least = null }) => least ?? level ?? '';

/** Guessed from a series' name, where nothing else is known (a trial, a mark). */
export function subjectOf(detector, series) {
  const all = { service: null, level: null, min_level: null, field: null };
  if (series === '(no data)' || (series === '' && detector === 'silence')) return all;
  if (detector === 'zscore' || detector === 'ratio') return { ...all, service: series, min_level: 'ERROR' };
  const words = series.split(' ');
  const last = words.pop();
  if (detector === 'values') return { ...all, service: words.join(' '), field: last };
  if (LEVELS.includes(last)) return { ...all, service: words.join(' '), level: last };
  return { ...all, service: series };
}
