// The values at the left: how often each occurs in what is searched; a click asks for one, Alt-click or − excludes it.
// They only edit the query, which stays the one place that says what is shown.
import { h, replace } from '../dom.js';
import { number, si } from '../format.js';
import { LEVELS, levelRank, levelTag } from '../levels.js';
import { prefs } from '../prefs.js';
import { baseName } from './fields.js';
import { mentions, stateOf } from './query.js';

const COLUMNS = ['level', 'service', 'source', 'host'];
const SHORT = 6;        // values shown of a field before "more"

/** Whether a few values make up most of it: a status does, a duration does not. */
function isTelling({ values }) {
  const sum = values.reduce((all, v) => all + v.count, 0);
  return values.length < 8 || values[0].count > sum / 4;
}

/** Of which results what is counted: of all of them, or of how many of the newest. */
function note({ exact, facets }) {
  if (exact) return 'Counted over all results.';
  const of = new Map();
  for (const { name, exact: all, counted } of facets) {
    const key = all ? 'all results' : `the newest ${number(counted)} results`;
    const kind = COLUMNS.includes(name) ? name : 'fields';
    of.set(key, (of.get(key) ?? new Set()).add(kind));
  }
  const parts = [...of].map(([key, kinds]) => `${[...kinds].join(', ')}: ${key}`);
  return `Counted over ${parts.join('; ')}.`;
}

/** place: the element; onPick(name, value, exclude), onClear(name) are what clicks do. */
export function createFacets(place, { onPick, onClear }) {
  const seen = new Map();       // name -> values as they were before the query spoke of the name
  const long = new Set();       // names shown in full
  let answer = null;
  let query = '';
  const stale = (is) => place.classList.toggle('counts-stale', is);

  const folded = (facet) => prefs.get('explore.folded', {})[facet.name] ?? !(COLUMNS.includes(facet.name) || isTelling(facet));
  const fold = (name, value) => prefs.set('explore.folded', { ...prefs.get('explore.folded', {}), [name]: value });

  // A name the query filters by has only the values asked for; the others, seen before, stay there to be added.
  function valuesOf(facet) {
    if (!mentions(query, facet.name)) {
      seen.set(facet.name, facet.values);
      return facet.values;
    }
    const here = new Set(facet.values.map((v) => v.value));
    // Every level exists, seen or not.
    const known = facet.name === 'level' ? LEVELS.filter(Boolean).map((value) => ({ value })) : [];
    const others = [...(seen.get(facet.name) ?? known)].filter((v) => !here.has(v.value)).map((v) => ({ ...v, count: null }));
    return [...facet.values, ...others];
  }

  function draw() {
    if (!answer) return;
    stale(false);
    const focus = document.activeElement?.dataset?.facet;
    const scroll = place.scrollTop;
    replace(place,
      answer.facets.filter((facet) => mentions(query, facet.name) || facet.values.some((v) => v.value !== null)).map(section),
      answer.facets.length ? h('p', { class: 'facets-note dim', 'data-test': 'facets-note' }, note(answer)) : null);
    place.scrollTop = scroll;
    if (focus) place.querySelector(`[data-facet="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  }

  function section(facet) {
    const { name } = facet;
    const values = valuesOf(facet);
    if (name === 'level') values.sort((a, b) => levelRank(b.value) - levelRank(a.value));
    const most = Math.max(1, ...values.map((v) => v.count ?? 0));
    const shown = long.has(name) ? values : values.slice(0, name === 'level' ? 7 : SHORT);
    const open = !folded(facet);
    const body = h('div', { hidden: !open },
      values.length ? h('ul', { class: 'facet-values' }, shown.map((v) => value(name, v, most))) : h('p', { class: 'facets-note dim' }, 'none in these results'),
      values.length > shown.length ? h('button', { type: 'button', class: 'facet-more', onclick: () => { long.add(name); draw(); } }, `${values.length - shown.length} more`) : null,
      values.length === shown.length && facet.distinct > facet.values.length ? h('p', { class: 'facets-note dim' }, `and ${number(facet.distinct - facet.values.length)} rarer`) : null);
    const title = h('button', { type: 'button', class: 'facet-name', 'aria-expanded': String(open), 'data-facet': name }, h('span', { class: 'facet-title' }, name));
    title.addEventListener('click', () => {
      body.hidden = !body.hidden;
      title.setAttribute('aria-expanded', String(!body.hidden));
      fold(name, body.hidden);
    });
    return h('section', { class: 'facet', 'data-test': `facet-${name}`, 'aria-label': name },
      h('div', { class: 'facet-head' }, title,
        mentions(query, name) ? h('button', { type: 'button', class: 'facet-clear', onclick: () => onClear(name) }, 'clear', h('span', { class: 'visually-hidden' }, ` the filter by ${name}`)) : null),
      body);
  }

  function value(name, { value: raw, label, count }, most) {
    const text = raw === null ? 'none' : name === 'source' ? baseName(label ?? raw) : label ?? String(raw);
    const on = stateOf(query, name, raw);
    return h('li', { class: `facet-row${on ? ` facet-${on}` : ''}`, 'data-test': 'facet-row', 'data-value': raw ?? 'none' },
      h('button', {
        type: 'button', class: 'facet-value', 'aria-pressed': String(on === 'in'), 'data-test': 'facet-value', 'data-facet': `${name}=${raw}`,
        title: `${name}: ${label ?? text}\nClick: only these. Alt-click: without these.`,
        onclick: (event) => onPick(name, raw, event.altKey),
      },
      h('span', { class: 'facet-bar', 'aria-hidden': 'true', style: { width: `${Math.round((100 * (count ?? 0)) / most)}%` } }),
      h('span', { class: raw === null ? 'facet-text dim' : 'facet-text' }, name === 'level' ? levelTag(raw) : text, on === 'out' ? h('span', { class: 'visually-hidden' }, ' (excluded)') : null),
      h('span', { class: 'facet-count', title: count === null ? null : number(count) }, count === null ? '' : si(count))),
      h('button', {
        type: 'button', class: 'facet-minus', 'data-test': 'facet-exclude', 'aria-label': `Without ${name} ${text}`, 'aria-pressed': String(on === 'out'),
        onclick: () => onPick(name, raw, true),
      }, '−'));
  }

  return {
    /** Other numbers, or the same under another query. */
    show(newAnswer, newQuery) {
      answer = newAnswer;
      query = newQuery;
      draw();
    },
    /** Another time range: what was seen before may not exist in it. */
    forget() { seen.clear(); },
    /** What is shown is of another search, until the next answer. */
    stale(is) { stale(is && answer !== null); },
    /** There is nothing to show. */
    clear() {
      answer = null;
      stale(false);
      replace(place);
    },
    /** Space for the numbers while they are on their way; old ones stay until then. */
    wait() {
      if (answer) return;
      replace(place, Array.from({ length: 3 }, () => h('div', { class: 'facet', 'aria-hidden': 'true' }, Array.from({ length: 5 }, () => h('div', { class: 'skeleton facet-skeleton' })))));
    },
    fail(message, retry) {
      if (answer && !place.classList.contains('counts-stale')) return;
      answer = null;
      stale(false);
      replace(place, h('p', { class: 'facets-note' }, `Counts could not be read: ${message}`), h('button', { type: 'button', class: 'btn btn-small', onclick: retry }, 'Try again'));
    },
    /** Names and values, for completing the query. */
    get known() { return answer?.facets ?? []; },
    /** All names of fields that were seen. */
    get names() { return [...new Set([...(answer?.facets ?? []).map((f) => f.name), ...(answer?.fields ?? [])])]; },
  };
}
