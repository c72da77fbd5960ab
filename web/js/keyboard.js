// Keys: g and a letter go to a view, / searches, t opens the time range, r refreshes, ? helps; everything else goes to
// the view (its instance may have key(event) -> true when it used it, and search() that puts the cursor in its field).

import { h } from './dom.js';
import { dialog } from './ui.js';

const GO = { o: 'overview', e: 'explore', s: 'sql', a: 'alerts', r: 'sources' };
const KEYS = [
  ['g then o, e, s, a, r', 'Overview, Explore, SQL, Alerts, Sources'], ['/', 'Search'], ['t', 'Time range'],
  ['r', 'Refresh'], ['?', 'This help'], ['Esc', 'Close, or leave a field'],
];
const LANGUAGE = [
  ['timeout', 'message or a field contains it, any case'], ['"connection reset"', 'a phrase'], ['/regex/', 'message matches; (?i) for any case'],
  ['level:error', 'also level:>=warn, level:error,fatal, level:none'], ['service:auth', 'also host:web1, source:app.log'],
  ['status:>=500', 'any field; path:/api/*, trace_id:*, path:~^/api'], ['-word', 'not; works with every form'],
];

let actions = null;
let prefix = 0;

const typing = (target) => target.closest?.('input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable=""], [contenteditable=true], .cm-editor');

function list(rows) {
  return h('dl', { class: 'keys' }, rows.map(([key, text]) => [h('dt', null, h('kbd', null, key)), h('dd', null, text)]));
}

export const keyboard = {
  start(given) {
    actions = given;
    document.addEventListener('keydown', onKey);
  },
  help() {
    if (document.querySelector('dialog[open]')) return;
    const own = actions.viewHelp();
    dialog({ title: 'Help', wide: true, test: 'help', body: h('div', { class: 'help' },
      h('div', null, h('h3', null, 'Keys'), list(KEYS), own.length > 0 && [h('h3', null, 'In this view'), list(own)]),
      h('div', null, h('h3', null, 'Search'), list(LANGUAGE),
        h('h3', null, 'Charts'), h('p', { class: 'dim' }, 'Drag across a chart to narrow the time range of the page; double-click to go back. Every count is a link to its records.'))) });
  },
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === 'Escape' && typing(event.target) && !event.target.closest('dialog, .popover, .cm-editor')) {
    event.target.blur();
    return;
  }
  if (typing(event.target) || document.querySelector('dialog[open]')) return;
  if (prefix && Date.now() - prefix < 1500 && GO[event.key]) {
    prefix = 0;
    event.preventDefault();
    actions.go(GO[event.key]);
    return;
  }
  prefix = 0;
  const run = {
    g: () => { prefix = Date.now(); },
    '/': () => (actions.view()?.search ? actions.view().search() : goSearch()),
    t: () => actions.time(),
    r: () => actions.refresh(),
    '?': () => keyboard.help(),
  }[event.key];
  if (run) {
    event.preventDefault();
    run();
  } else if (!event.target.closest('.popover') && actions.view()?.key?.(event)) event.preventDefault();
}

// The other views have no search of their own: go where there is one, and wait until it stands.
function goSearch(tries = 40) {
  if (tries === 40) actions.go('explore');
  if (actions.view()?.search) actions.view().search();
  else if (tries) setTimeout(() => goSearch(tries - 1), 50);
}
