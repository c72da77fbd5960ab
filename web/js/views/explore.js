// The Explore view: a query, what it gives over time, how often which value occurs, and the records themselves.
import { h, replace } from '../dom.js';
import { aborted, newest } from '../api.js';
import { copyText, empty } from '../ui.js';
import { href } from '../state.js';
import { fitBelow } from '../fit.js';
import { timerange } from '../timerange.js';
import { createQueryBar } from '../explore/querybar.js';
import { createFacets } from '../explore/facets.js';
import { createHistogram } from '../explore/histogram.js';
import { createToolbar } from '../explore/toolbar.js';
import { Results } from '../explore/results.js';
import { look } from '../explore/look.js';
import { nothing } from '../explore/nothing.js';
import { pinned } from '../explore/pinned.js';
import { withPhrase, withValue, withoutName, withoutValue, stateOf } from '../explore/query.js';

const FACETS_EVERY = 30_000;    // counting values is the dearest of the questions: not at every refresh
const LISTED = 40;              // columns that the menu offers
const BEFORE = 300_000;         // of a linked record, which then is among the newest of its range
const HEAVY = 500;              // a histogram that took longer than this is refreshed as seldom

function mount(root, ctx) {
  const { state, api } = ctx;
  const q = () => state.get().q ?? '';
  const setQuery = (text) => state.set({ q: text, row: null });
  let range = state.range();
  let withDate = false;
  let facetsAt = 0;
  let volumeAt = 0;
  let volumeTook = 0;
  let shownFor = null;        // the search whose counts are on the page
  let coveredFor = null;      // the list of which it is said that there is nothing in it
  let tail = { on: false, connected: false, dropped: 0 };
  const one = { volume: newest(), facets: newest(), poll: newest() };
  // Searches whose counts are on their way: a refresh does not ask for them again.
  const asking = { volume: null, facets: null };
  const searched = () => [state.get().from, state.get().to, q()].join('\n');

  const bar = createQueryBar({ onSearch: (text) => (text === q() ? search() : setQuery(text)), known: () => facets.known, names: () => facets.names });
  const facetsPlace = h('aside', { class: 'facets', id: 'facets', 'aria-label': 'Filters', 'data-test': 'facets', tabindex: '0' });
  const facets = createFacets(facetsPlace, {
    onPick: pick,
    onClear: (name) => setQuery(withoutName(q(), name)),
  });
  const top = h('div', { class: 'explore-top' });
  const histogram = createHistogram(top);
  const toolbar = createToolbar({
    cancel: () => { results.coming?.cancel(); results.pages?.cancel(); },
    tail: () => toggleTail(),
    pause: () => { results.paused = !results.paused; if (!results.paused) results.showNew(); showTail(); },
    look: () => look.menu(facets.names.filter((name) => name !== 'level').slice(0, LISTED), restyle),
    downloads: () => ['csv', 'jsonl', 'parquet'].map((format) => ({
      label: { csv: 'CSV', jsonl: 'JSON lines', parquet: 'Parquet' }[format], hint: 'all results', test: `download-${format}`,
      href: api.url('download', { ...limits(), q: q(), format }), download: true,
    })),
    facets: () => drawer(!page.classList.contains('facets-open')),
  });
  const cover = h('div', { class: 'rows-cover', hidden: true });
  const pin = h('div', { class: 'pin with-date', 'data-test': 'pin', hidden: true });
  const rowsPlace = h('div', { class: 'rows-place' }, cover);
  const results = new Results(rowsPlace, {
    fetchLogs: (params, signal) => api.get('logs', params, { signal }),
    look: () => look.of(q(), withDate),
    on: { state: searching, tail: (info) => { tail = info; showTail(); }, expanded: (id) => state.set({ row: id }, { replace: true }), problem, swapped, grown },
    actions: {
      filter: pick, copy: (text, what) => copyText(text, `${what} copied`), hasColumn: (name) => look.columns.includes(name),
      column: (name) => { look.toggleColumn(name); restyle(); },
      phrase: (text, exclude) => setQuery(withPhrase(q(), text, exclude)),
      link: (record) => copyText(window.location.origin + href({ ...state.get(), view: 'explore', ...fixed(), row: record.id }), 'Link copied'),
      api: { around: (params) => api.get('around', params) },
    },
  });
  const scrim = h('div', { class: 'scrim', onclick: () => drawer(false) });
  const page = h('div', { class: 'explore' }, h('h1', { class: 'visually-hidden' }, 'Explore'), bar.element, facetsPlace, scrim,
    h('div', { class: 'explore-main' }, top, toolbar.element, pin, rowsPlace));
  root.append(page);

  const unfit = fitBelow(root, page);
  const offPhone = look.onPhone(restyle);

  function drawer(open) {
    page.classList.toggle('facets-open', open);
    if (open) facetsPlace.focus();
    else if (page.contains(document.activeElement) && facetsPlace.contains(document.activeElement)) page.querySelector('.tools-facets').focus();
  }

  function restyle() { results.restyle(); }

  function pick(name, value, exclude) {
    const wanted = exclude ? 'out' : 'in';
    setQuery(stateOf(q(), name, value) === wanted ? withoutValue(q(), name, value) : withValue(q(), name, value, exclude));
  }

  /** The range of this search in numbers; a range that ends now has no end, so that nothing is missed. */
  const limits = () => ({ from: range.from, to: state.live ? null : range.to });
  // A link is to be found later: then the range must not have moved on.
  const fixed = () => (range.from === null ? {} : { from: range.from, to: Math.ceil(range.to ?? Date.now()) });

  function search() {
    range = state.range();
    const day = new Date().toDateString();
    withDate = range.from === null || new Date(range.from).toDateString() !== day || new Date(range.to ?? Date.now()).toDateString() !== day;
    page.classList.toggle('with-date', withDate);
    bar.set(q());
    bar.fail(null);
    if (shownFor !== searched()) {
      toolbar.total(null);
      histogram.stale(true);
      facets.stale(true);
    }
    results.run({ ...limits(), q: q() });
    counts(true);
  }

  /** Histogram and values. all: whatever it costs. */
  function counts(all) {
    const now = Date.now();
    if (all || volumeTook < HEAVY || now - volumeAt > FACETS_EVERY) loadVolume();
    if (all || now - facetsAt > FACETS_EVERY) loadFacets();
  }

  async function loadVolume() {
    const asked = searched();
    if (asking.volume === asked) return;
    asking.volume = asked;
    volumeAt = Date.now();
    histogram.wait();
    try {
      const volume = await one.volume((signal) => api.get('volume', { ...state.range(), q: q(), buckets: 160 }, { signal }));
      volumeTook = Date.now() - volumeAt;
      shownFor = asked;
      toolbar.total(volume.total);
      histogram.show(volume);
    } catch (error) {
      if (aborted(error)) return;
      // What is there is from before, and the bar says so.
      if (error.offline && shownFor === asked) return;
      toolbar.total(undefined);
      if (!tell(error)) histogram.fail(error, loadVolume);
    } finally {
      if (asking.volume === asked) asking.volume = null;
    }
  }

  async function loadFacets() {
    const asked = searched();
    if (asking.facets === asked) return;
    asking.facets = asked;
    facetsAt = Date.now();
    facets.wait();
    const text = q();
    try {
      facets.show(await one.facets((signal) => api.get('facets', { ...limits(), q: text }, { signal })), text);
    } catch (error) {
      if (!aborted(error) && error.status !== 400) facets.fail(error.message, loadFacets);
    } finally {
      if (asking.facets === asked) asking.facets = null;
    }
  }

  /** An error in the query is told at the query, once. */
  function tell(error) {
    if (error.status !== 400) return false;
    bar.fail(error);
    // Nothing of another search stands under one that cannot be read.
    shownFor = null;
    histogram.clear();
    facets.clear();
    // The stream would be refused as well, again and again.
    results.arrivals.stopTail();
    return true;
  }

  function problem(error) {
    toolbar.total(undefined);
    tell(error);
  }

  function searching({ loading, scannedTo, pages }) {
    toolbar.searching({ loading, scannedTo, elapsed: pages.elapsed, first: pages.pages.length <= 1 });
  }

  function swapped(pages) {
    if (tail.on) poll();
    if (pages.length) linked(pages);
  }

  /** More of the list is known: of a slow search, whether there is anything at all. */
  async function grown(pages) {
    const none = pages.ended && pages.length === 0;
    cover.hidden = !none || !cover.firstChild || coveredFor !== pages;
    if (!none || coveredFor === pages) return;
    coveredFor = pages;
    const text = await nothing({ q: q(), range, api, onClear: () => setQuery(''), onAll: () => timerange.set('all'), onRange: timerange.set }, empty);
    if (results.pages !== pages || coveredFor !== pages) return;
    replace(cover, text);
    cover.hidden = pages.length > 0;
  }

  // A link to a record: it is expanded if it is among the newest, otherwise it stands above the list.
  let linkDone = false;
  function linked(pages) {
    const id = state.get().row;
    if (linkDone || !id) return;
    linkDone = true;
    const record = pages.pages[0].records.find((each) => String(each.id) === id);
    if (record) results.toggle(record);
    else pinned(pin, id, { api, actions: results.actions, look: look.of(q(), true), onClose: () => state.set({ row: null }, { replace: true }), onTime: (at) => { linkDone = false; timerange.set(at - BEFORE, at + 1000); } });
  }

  function showTail() {
    toolbar.tail({ ...tail, paused: results.paused });
    results.showPill();
  }

  function toggleTail() {
    // The tail is at now; a range that ended earlier has nothing to follow.
    if (!results.arrivals.stream && !state.live) timerange.set(state.get().from.startsWith('now') ? state.get().from : 'now-15m');
    state.set({ tail: results.arrivals.stream ? null : '1' }, { replace: true });
    followTail();
  }

  function followTail() {
    const wanted = state.get().tail === '1' && state.live;
    results.paused = false;
    if (!wanted) {
      results.arrivals.stopTail();
      return;
    }
    results.arrivals.startTail(() => new EventSource(api.url('tail', { q: q() })));
    poll();
  }

  // What arrived between the answer and now.
  function poll() {
    return one.poll((signal) => results.arrivals.poll((cursor, limit) => api.get('logs', { from: range.from, q: q(), after: cursor, limit }, { signal }))).catch(() => {});
  }

  search();
  followTail();

  return {
    search: () => bar.focus(),
    key(event) {
      if (event.key === 'Escape' && page.classList.contains('facets-open')) {
        drawer(false);
        return true;
      }
      return results.key(event);
    },
    update(reason, changed) {
      if (reason === 'state') {
        if (changed.has('from') || changed.has('to')) facets.forget();
        if (['from', 'to', 'q'].some((name) => changed.has(name))) {
          pin.hidden = true;
          drawer(false);
          search();
        }
        if (['q', 'to', 'tail'].some((name) => changed.has(name)) && (results.arrivals.stream || state.get().tail)) followTail();
        return undefined;
      }
      if (reason === 'manual') {
        // What one reads stays where it is; what is new waits above.
        if (!results.reading || !results.pages || results.pages.error) search();
        else {
          counts(true);
          if (state.live) return poll();
        }
        return undefined;
      }
      if (!state.live) return undefined;
      counts(false);
      return results.pages && results.arrivals.shouldAsk ? poll() : undefined;
    },
    unmount() {
      for (const each of Object.values(one)) each.cancel();
      unfit();
      offPhone();
      toolbar.stop();
      results.destroy();
      histogram.destroy();
      root.textContent = '';
    },
  };
}

export default {
  id: 'explore',
  title: 'Explore',
  help: [['j, k', 'Next, previous record'], ['Enter', 'Expand the record'], ['c', 'Copy the line'], ['Esc', 'Leave the record']],
  mount,
};
