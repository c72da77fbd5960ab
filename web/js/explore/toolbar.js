// The line above the rows: how many results, how long it took or how far a slow search is, live tail, how rows look,
// and the downloads.
import { h, icon, replace, setText } from '../dom.js';
import { dateTime, duration, number } from '../format.js';
import { menu } from '../ui.js';

const SLOW = 300;       // milliseconds after which a search shows its time and can be cancelled

/**
 * on: {cancel(), tail(), pause(), columns(): menu items, look(): menu items, downloads(): menu items, facets()}
 */
export function createToolbar(on) {
  const count = h('strong', { class: 'tool-count', 'data-test': 'result-count' }, ' ');
  const note = h('span', { class: 'tool-note dim', 'data-test': 'search-time' });
  const cancel = h('button', { type: 'button', class: 'btn btn-small', 'data-test': 'search-cancel', hidden: true, onclick: on.cancel }, 'Cancel');
  const live = h('button', { type: 'button', class: 'btn btn-small', 'aria-pressed': 'false', 'data-test': 'tail-toggle', onclick: on.tail }, h('span', { class: 'live-dot', 'aria-hidden': 'true' }), 'Live tail');
  const pause = h('button', { type: 'button', class: 'btn btn-small', 'data-test': 'tail-pause', hidden: true, onclick: on.pause }, icon('pause'), 'Pause');
  const dropped = h('span', { class: 'tool-dropped', 'data-test': 'tail-dropped', hidden: true, title: 'More arrived than can be shown; they are stored and a search finds them.' });
  const tool = (label, test, sign) => h('button', { type: 'button', class: 'btn btn-small', 'data-test': test, title: label, 'aria-label': label }, icon(sign), h('span', { class: 'tool-word' }, label));
  const facts = h('div', { class: 'tools-facts', role: 'status' }, count, note);
  const element = h('div', { class: 'tools' },
    h('button', { type: 'button', class: 'btn btn-small tools-facets', 'data-test': 'facets-button', onclick: on.facets, 'aria-controls': 'facets' }, 'Filter'),
    facts, cancel,
    h('div', { class: 'tools-right' }, dropped, pause, live,
      menu(tool('Rows', 'look-menu', 'more'), on.look, { label: 'How rows look', test: 'look-items' }),
      menu(tool('Download', 'download-menu', 'download'), on.downloads, { label: 'Download all results', test: 'download-items' })));

  let started = 0;
  let timer = 0;
  let scanned = null;

  function tick() {
    const elapsed = performance.now() - started;
    if (elapsed < SLOW) return;
    cancel.hidden = false;
    facts.classList.add('tools-busy');
    setText(note, `${duration(Math.floor(elapsed / 100) / 10)}${scanned === null ? '' : ` · looked back to ${dateTime(scanned, 's')}`}`);
  }

  return {
    element,
    /** {loading, scannedTo, stopped, error} of the list */
    searching({ loading, scannedTo, elapsed, first }) {
      if (loading) {
        scanned = scannedTo ?? null;
        if (timer) { tick(); return; }
        started = performance.now();
        timer = setInterval(tick, 100);
        return;
      }
      clearInterval(timer);
      timer = 0;
      cancel.hidden = true;
      facts.classList.remove('tools-busy');
      if (first || note.textContent.includes('looked back')) setText(note, elapsed === null ? '' : elapsed < 1000 ? `${Math.round(elapsed)} ms` : duration(elapsed / 1000));
    },
    /** The number of results; null while it is on its way, undefined when it is not known. */
    total(n) { setText(count, n === undefined ? ' ' : n === null ? 'Counting…' : n === 1 ? '1 record' : `${number(n)} records`); },
    tail({ on: running, connected, dropped: lost, paused }) {
      live.setAttribute('aria-pressed', String(running));
      live.classList.toggle('live-on', running && connected && !paused);
      live.title = running ? (connected ? 'Records are shown as they arrive' : 'Connecting…') : 'Show records as they arrive';
      pause.hidden = !running;
      replace(pause, icon(paused ? 'play' : 'pause'), h('span', { class: 'tool-word' }, paused ? 'Go on' : 'Pause'));
      pause.setAttribute('aria-label', paused ? 'Go on with the live tail' : 'Pause the live tail');
      dropped.hidden = !lost;
      setText(dropped, `${number(lost)} not shown`);
    },
    stop() { clearInterval(timer); timer = 0; },
  };
}
