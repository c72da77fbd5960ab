// The SQL view: an editor, what there is to ask at its left, and the answer below as a table or a chart.
import { h, icon, replace, setText } from '../dom.js';
import { aborted } from '../api.js';
import { copyText, errorBox, menu, skeleton } from '../ui.js';
import { decimal, duration, number } from '../format.js';
import { fitBelow } from '../fit.js';
import { prefs } from '../prefs.js';
import { ask, fetchFile, FORMATS, LIMIT, link, unitOffset } from '../sql/run.js';
import { createBrowser } from '../sql/browser.js';
import { createTabs } from '../sql/tabs.js';
import { createOutput } from '../sql/output.js';
import { library, nameFor } from '../sql/library.js';
import { statements } from '../sql/statement.js';

const SLOW = 300;               // milliseconds after which a query shows its time and can be cancelled
const LONGEST_STATE = 6000;     // characters of a statement that still go into the address

function mount(root, ctx) {
  const { state, api, toast } = ctx;
  let editor = null;
  let running = null;
  let timer = 0;
  let asked = null;             // the statement that was run last
  let result = null;
  let known = null;             // the schema, once it is there
  let dead = false;

  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  const editorPlace = h('div', { class: 'sql-editor' }, skeleton({ lines: 3 }));
  const runButton = h('button', { type: 'button', class: 'btn btn-main', 'data-test': 'sql-run', title: `Run (${mac ? '⌘' : 'Ctrl'}-Enter): the selection, otherwise the statement the cursor is in`, onclick: () => run() }, icon('play'), 'Run', h('span', { class: 'sql-key', 'aria-hidden': 'true' }, mac ? '⌘↵' : 'Ctrl ↵'));
  const cancelButton = h('button', { type: 'button', class: 'btn', 'data-test': 'sql-cancel', hidden: true, onclick: () => running?.abort() }, 'Cancel');
  const saveButton = h('button', { type: 'button', class: 'btn btn-quiet', 'data-test': 'sql-save', onclick: save }, 'Save');
  const linkButton = h('button', { type: 'button', class: 'btn btn-quiet', 'data-test': 'sql-link', onclick: copyLink }, 'Copy link');
  const rangeButton = h('button', { type: 'button', class: 'btn btn-quiet sql-range-button', 'data-test': 'sql-range', title: 'Puts the time range of the page into the statement; by itself it does not limit what SQL sees', onclick: insertRange }, 'Insert time range');
  const facts = h('div', { class: 'sql-facts', role: 'status', 'data-test': 'sql-facts' });
  const download = menu(h('button', { type: 'button', class: 'btn btn-small', 'data-test': 'sql-download', disabled: true }, icon('download'), h('span', { class: 'tool-word' }, 'Download')), downloads, { label: 'Download the whole result', test: 'sql-download-items' });
  const outputPlace = h('div', { class: 'sql-output', id: 'sql-output', role: 'tabpanel', 'data-test': 'sql-output' });
  const tabs = createTabs(outputPlace, (show) => state.set({ show: show === 'table' ? null : show }, { replace: true }));
  const output = createOutput(outputPlace, { onChart: (c) => state.set({ chart: c.type, x: c.x, y: c.y, split: c.split || '-' }, { replace: true }) });
  const side = h('aside', { class: 'sql-side', 'aria-label': 'Tables and queries', 'data-test': 'sql-side', tabindex: '0' });
  const openExample = (sql) => { drawer(false); if (editor) { editor.text = sql; run(); } };
  const browser = createBrowser(side, {
    insert: (text) => { drawer(false); editor?.insert(text); },
    open: openExample,
  });
  const page = h('div', { class: 'sql' }, h('h1', { class: 'visually-hidden' }, 'SQL'), side, h('div', { class: 'scrim', onclick: () => drawer(false) }),
    h('div', { class: 'sql-main' }, editorPlace,
      h('div', { class: 'sql-bar' }, runButton, cancelButton, saveButton, linkButton, rangeButton,
        h('button', { type: 'button', class: 'btn btn-quiet sql-side-button', 'data-test': 'sql-side-button', onclick: () => drawer(true) }, 'Tables')),
      h('div', { class: 'sql-result-bar' }, tabs.element, facts, download),
      outputPlace));
  root.append(page);
  const unfit = fitBelow(root, page);

  function drawer(open) { page.classList.toggle('facets-open', open); }

  const chosen = () => ({ show: state.get().show === 'chart' ? 'chart' : 'table', chart: { type: state.get().chart, x: state.get().x, y: state.get().y, split: state.get().split ?? '' } });

  /** statement: {text, offset} in the editor. keepState: the address already says it. */
  async function run({ keepState = false, statement = editor?.statement } = {}) {
    if (!editor) return;
    const { text, offset } = statement;
    const sql = text.trim();
    if (!sql) return;
    const start = offset + text.indexOf(sql);
    running?.abort();
    const abort = new AbortController();
    running = abort;
    const same = sql === asked;
    asked = sql;
    prefs.set('sql.draft', editor.text);
    library.remember(sql);
    browser.refresh();
    editor.mark(null);
    // Another statement has other columns: its chart is guessed anew.
    if (!keepState) state.set({ sql: sql.length <= LONGEST_STATE ? sql : null, ...(same ? {} : { chart: null, x: null, y: null, split: null }) });
    output.wait(!result);
    const began = performance.now();
    clearInterval(timer);
    timer = setInterval(() => {
      const elapsed = performance.now() - began;
      if (elapsed < SLOW) return;
      cancelButton.hidden = false;
      setText(facts, `Running, ${duration(Math.floor(elapsed / 100) / 10)}`);
    }, 100);
    try {
      const answer = await ask(sql, abort.signal);
      if (running !== abort) return;
      // What it took is said now; drawing it may take longer than to the next tick.
      clearInterval(timer);
      result = answer;
      download.disabled = false;
      showFacts();
      await output.result(result, chosen());
      if (answer.error) toast(`The answer broke off: ${answer.error.message}`, { kind: 'error', seconds: 8 });
    } catch (error) {
      if (running !== abort && running !== null) return;
      result = null;
      download.disabled = true;
      setText(facts, aborted(error) ? `Cancelled after ${duration((performance.now() - began) / 1000)}` : '');
      if (aborted(error)) output.cancelled();
      else {
        const where = error.position === null || error.position === undefined ? null : editor.mark(start + unitOffset(sql, error.position));
        output.error(error, where, () => run());
      }
    } finally {
      if (running === abort) {
        running = null;
        clearInterval(timer);
        cancelButton.hidden = true;
      }
    }
  }

  // A statement of the address that is one of several in the editor is run there: the others stay.
  function runFromAddress(sql) {
    const part = statements(editor.text).find(({ from, to }) => editor.text.slice(from, to).trim() === sql);
    if (!part) {
      // What was being written is not lost.
      if (editor.text.trim()) library.remember(editor.text);
      editor.text = sql;
    }
    run({ keepState: true, statement: { text: sql, offset: editor.text.indexOf(sql, part?.from ?? 0) } });
  }

  function showFacts() {
    const { rows, truncated, elapsed_ms: ms } = result;
    const took = ms < 1000 ? `${decimal(ms, ms < 10 ? 1 : 0)} ms` : duration(ms / 1000);
    replace(facts, h('span', { 'data-test': 'sql-rows' }, `${number(rows.length)} ${rows.length === 1 ? 'row' : 'rows'}`), ` in ${took}`,
      truncated ? h('span', { class: 'sql-truncated', 'data-test': 'sql-truncated' }, `cut at ${number(LIMIT)}, a download has all`) : null);
  }

  function downloads() {
    return Object.entries(FORMATS).map(([format, label]) => {
      const address = link(asked, format);
      const test = `sql-download-${format}`;
      return address ? { label, hint: 'all rows', href: address, download: true, test }
        : { label, hint: 'all rows', test, run: () => fetchFile(asked, format).catch((error) => toast(error.message, { kind: 'error', seconds: 8 })) };
    });
  }

  function save() {
    const sql = editor?.text.trim();
    if (!sql) return;
    const before = library.saved.find((each) => each.sql === sql);
    if (!before) library.save(nameFor(sql), sql);
    browser.refresh();
    toast(before ? `It is saved as “${before.name}”` : 'Saved; the pencil gives it another name');
  }

  // Times are UTC in the database.
  function insertRange() {
    const { from, to } = state.range();
    const text = (ms) => `'${new Date(ms).toISOString().replace('T', ' ').replace(/(\.000)?Z$/, '')}'`;
    const parts = [from === null ? '' : `ts >= ${text(from)}`, to === null || (from === null && state.live) ? '' : `ts < ${text(to)}`].filter(Boolean);
    if (parts.length) editor?.insert(parts.join(' and '));
    else toast('The page shows all records: there is no range to insert');
  }

  function copyLink() {
    if (asked && asked.length > LONGEST_STATE) {
      toast('The statement is too long for a link', { kind: 'error' });
      return;
    }
    if (editor && !asked) state.set({ sql: editor.text.trim() }, { replace: true });
    copyText(window.location.href, 'Link copied; it opens this query and runs it');
  }

  async function loadSchema() {
    try {
      const schema = await api.get('schema');
      if (dead) return;
      browser.show(schema);
      known = schema;
      if (!asked) output.start(schema.examples, openExample);
      if (editor) editor.schema = schema;
    } catch (error) {
      if (!dead) browser.fail(error, loadSchema);
    }
  }

  async function start() {
    const wanted = state.get().sql;
    const draft = prefs.get('sql.draft', '');
    try {
      const { createEditor } = await import('../sql/editor.js');
      if (dead) return;
      editorPlace.textContent = '';
      const text = draft || wanted || 'from services order by error_percent desc';
      editor = createEditor(editorPlace, { text, onRun: () => run(), onChange: () => prefs.set('sql.draft', editor.text) });
      if (known) editor.schema = known;
      if (wanted) {
        runFromAddress(wanted);
      } else {
        if (matchMedia('(pointer: fine)').matches) editor.focus();
      }
    } catch (error) {
      replace(editorPlace, errorBox({ message: 'The editor could not be loaded.', hint: error.message }, start));
    }
  }

  tabs.show(chosen().show);
  if (!state.get().sql) output.start();
  loadSchema();
  start();

  return {
    search: () => editor?.focus(),
    key(event) {
      if (event.key !== 'Escape' || !page.classList.contains('facets-open')) return false;
      drawer(false);
      return true;
    },
    update(reason, changed) {
      if (reason === 'manual') {
        loadSchema();
        if (asked && !running) run({ keepState: true });
      }
      if (reason !== 'state') return;
      tabs.show(chosen().show);
      const { sql } = state.get();
      if (changed.has('sql') && sql && sql !== asked && editor) {
        runFromAddress(sql);
      } else if (changed.has('show') && result) output.result(result, chosen());
    },
    unmount() {
      dead = true;
      running?.abort();
      clearInterval(timer);
      unfit();
      output.destroy();
      editor?.destroy();
      root.textContent = '';
    },
  };
}

export default {
  id: 'sql',
  title: 'SQL',
  help: [['Ctrl or ⌘ Enter', 'Run the selection, or the statement the cursor is in'], ['/', 'Into the editor'], ['Ctrl Space', 'Complete'], ['Esc, Tab', 'Out of the editor']],
  mount,
};
