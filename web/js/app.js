// Starts the page: header, views and the way between them, keyboard, refresh. Views are modules of js/views/ that are
// loaded when they are first looked at (js/README.md says what a view is).

import { h, icon, replace } from './dom.js';
import { state, href, VIEWS } from './state.js';
import { api, connection } from './api.js';
import { refresh, INTERVALS } from './refresh.js';
import { theme } from './theme.js';
import { timeControl } from './timerange.js';
import { facts } from './facts.js';
import { button, menu, toast, errorBox, skeleton } from './ui.js';
import { keyboard } from './keyboard.js';

const TITLES = { overview: 'Overview', explore: 'Explore', sql: 'SQL', alerts: 'Alerts', sources: 'Sources' };
const host = document.getElementById('view');
let shown = null; // { id, module, instance }
let loading = null;

const ctx = { state, api, refresh, toast, navigate: (view, patch) => state.go(view, patch) };

const time = timeControl();
const tabs = new Map(VIEWS.map((id) => [id, h('a', { class: 'tab', href: `/${id}`, 'data-test': `nav-${id}` }, TITLES[id])]));
const refreshLabel = h('span', { class: 'btn-label' });
const refreshMenu = menu(h('button', { type: 'button', class: 'btn', 'data-test': 'refresh-menu', title: 'Refresh by itself' }, refreshLabel, icon('chevron')),
  () => INTERVALS.map((s) => ({ label: s ? `Every ${s} s` : 'Off', checked: refresh.seconds === s, test: `refresh-${s}`, run: () => { refresh.set(s); header(); } })),
  { label: 'Refresh by itself' });
const themeMenu = menu(button({ iconName: 'theme', title: 'Theme', test: 'theme-menu' }),
  () => ['system', 'light', 'dark'].map((choice) => ({ label: { system: 'As the system', light: 'Light', dark: 'Dark' }[choice], checked: theme.choice === choice, test: `theme-${choice}`, run: () => theme.set(choice) })),
  { label: 'Theme' });

// The number of open anomalies is in the tab's title: it can be seen from elsewhere.
function title() {
  const open = facts.status?.alerts_open;
  document.title = `${open ? `(${open}) ` : ''}${TITLES[state.get().view]} · Pintail`;
}

// What the address says and is no time: the usual range is shown, until another one is chosen.
function notice() {
  const el = document.getElementById('notice');
  el.hidden = state.mistakes.length === 0;
  const what = state.mistakes.map(({ name, value }) => `${name}=${value}`).join(' and ');
  if (!el.hidden) replace(el, h('span', null, `The address says ${what}, which is not a time. Shown is the last hour. A time is now, now-3h, 2026-01-05T10:00:00Z or milliseconds since 1970.`));
}

function header() {
  const { view } = state.get();
  notice();
  for (const [id, el] of tabs) {
    el.href = href({ view: id });
    if (id === view) el.setAttribute('aria-current', 'page');
    else el.removeAttribute('aria-current');
  }
  time.update();
  replace(refreshLabel, refresh.seconds ? `${refresh.seconds} s` : 'Off');
  title();
}

replace(document.getElementById('header'),
  h('a', { class: 'brand', href: '/overview', 'data-test': 'brand' }, 'Pintail'),
  h('nav', { class: 'tabs', 'aria-label': 'Views' }, [...tabs.values()]),
  h('div', { class: 'controls' }, time.el,
    h('div', { class: 'group', role: 'group', 'aria-label': 'Refresh' },
      button({ iconName: 'refresh', title: 'Refresh now', test: 'refresh-now', onclick: () => refresh.now() }), refreshMenu),
    themeMenu, button({ iconName: 'help', title: 'Help and keys (?)', test: 'help-button', onclick: () => keyboard.help() })));

async function show() {
  const { view } = state.get();
  header();
  if (shown?.id === view || loading === view) return;
  loading = view;
  shown?.instance?.unmount?.();
  shown = null;
  replace(host, skeleton({ lines: 6 }));
  try {
    const module = (await import(`./views/${view}.js`)).default;
    if (state.get().view !== view) return;
    host.className = `view view-${view}`;
    replace(host);
    shown = { id: view, module, instance: module.mount(host, ctx) ?? {} };
  } catch (error) {
    console.warn(error);
    // When the server is away, the bar asks for it, and the view comes by itself as soon as it is back.
    const away = await fetch('/health', { cache: 'no-store' }).then(() => false, () => true);
    if (away) connection.lost();
    replace(host, errorBox({ message: 'This view could not be loaded.', hint: away ? 'It comes as soon as Pintail answers.' : error.message }, () => show()));
  } finally {
    if (loading === view) loading = null;
  }
}

const update = (reason, changed) => shown?.instance?.update?.(reason, changed);

state.subscribe((now, changed) => {
  if (changed.has('view')) show();
  else {
    header();
    update('state', changed);
  }
});
refresh.subscribe((reason) => {
  time.update();
  return Promise.allSettled([facts.load(), update(reason)]);
});
connection.onReturn(() => {
  if (!shown) show();
  refresh.now();
});

// Links inside the page change the state instead of loading the page again.
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href^="/"]');
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || link.hasAttribute('download') || link.target) return;
  const url = new URL(link.href);
  const view = url.pathname.slice(1);
  if (!VIEWS.includes(view)) return;
  event.preventDefault();
  const patch = { q: '', ...Object.fromEntries(url.searchParams) };
  // The address says the range it means: without one, the usual hour.
  if (tabs.get(view) === link || link.classList.contains('brand')) state.go(view);
  else state.go(view, { from: 'now-1h', to: 'now', ...patch });
  if (!link.classList.contains('tab')) host.focus({ preventScroll: true });
});

// What is copied from a single time is ISO 8601, whatever it looks like on the page.
document.addEventListener('copy', (event) => {
  const selection = window.getSelection();
  const inside = selection?.anchorNode?.parentElement?.closest('time');
  if (!inside || inside !== selection.focusNode?.parentElement?.closest('time')) return;
  event.clipboardData.setData('text/plain', inside.dateTime);
  event.preventDefault();
});

keyboard.start({
  time: () => time.open(),
  go: (view) => state.go(view),
  refresh: () => refresh.now(),
  view: () => shown?.instance,
  viewHelp: () => shown?.module.help ?? [],
});
facts.subscribe(title);
facts.mount(document.getElementById('facts'));
facts.load();
show();
refresh.start();
