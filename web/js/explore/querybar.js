// The query line: an input over a coloured copy of its text, completion of names and values, the language in short when
// it is empty, and errors at their place.
import { h, icon, replace } from '../dom.js';
import { pieces, quoteValue, terms } from './query.js';
import { prefs } from '../prefs.js';

const LANGUAGE = [
  ['timeout', 'the message or a field contains it'], ['"timed out"', 'the same with blanks'], ['/user=\\d+/', 'the message matches'],
  ['level:>=warn', 'WARN and worse'], ['service:auth,payment', 'one of these'], ['status:>=500', 'any field, compared'],
  ['path:/api/*', 'any field, with a star'], ['-healthcheck', 'without; works for every form'],
];
const NAMES = ['level:', 'service:', 'host:', 'source:'];
const LEVELS = ['error', 'warn', 'info', 'debug', 'trace', 'fatal', '>=warn', '>=error', 'none'];
const RECENT = 8;

/** onSearch(text); known(): facets, names(): of all fields, for completion. Gives {element, set(text), fail(error|null), focus()}. */
export function createQueryBar({ onSearch, known, names }) {
  let options = [];
  let chosen = -1;
  let applied = '';
  let problem = null;

  const paint = h('div', { class: 'query-paint', 'aria-hidden': 'true' });
  const input = h('input', {
    class: 'query-input', type: 'search', id: 'query', 'data-test': 'query', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false',
    placeholder: 'Search: words, level:error, service:auth, status:>=500, -not', enterkeyhint: 'search',
    role: 'combobox', 'aria-expanded': 'false', 'aria-controls': 'query-options', 'aria-autocomplete': 'list', 'aria-label': 'Search records',
  });
  const clear = h('button', { type: 'button', class: 'btn-icon query-clear', 'aria-label': 'Clear the search', hidden: true, onclick: () => { input.value = ''; submit(); input.focus(); } }, icon('close'));
  const list = h('ul', { class: 'query-options', id: 'query-options', role: 'listbox', 'aria-label': 'Completions', hidden: true });
  const help = h('div', { class: 'query-help', hidden: true, 'data-test': 'query-help' });
  const error = h('p', { class: 'query-error', id: 'query-error', role: 'alert', 'data-test': 'query-error', hidden: true });
  const field = h('div', { class: 'query-field' }, icon('search'), h('div', { class: 'query-text' }, paint, input), clear, list, help);
  const element = h('form', { class: 'query-bar', role: 'search', onsubmit: (event) => { event.preventDefault(); submit(); } }, field, error);

  function colour() {
    const text = input.value;
    let at = 0;
    replace(paint, pieces(text).map((piece) => {
      const from = at;
      at += piece.text.length;
      const bad = problem && problem.text === text && problem.position < at && problem.position >= from && piece.kind !== 'blank';
      return h('span', { class: `q-${piece.kind}${bad ? ' q-bad' : ''}` }, piece.text);
    }));
    paint.style.transform = `translateX(${-input.scrollLeft}px)`;
    clear.hidden = !text;
  }

  function submit() {
    close();
    applied = input.value.trim();
    if (applied) prefs.set('explore.recent', [applied, ...prefs.get('explore.recent', []).filter((each) => each !== applied)].slice(0, RECENT));
    onSearch(applied);
  }

  /** The word at the caret and what it may become: {from, to, options: [{text, note}]}. */
  function completion() {
    const at = input.selectionStart;
    const text = input.value;
    const term = terms(text).find((each) => each.start < at && at <= each.end);
    if (!term || at !== input.selectionEnd) return null;
    if (term.kind === 'word') {
      const from = term.start + (term.not ? 1 : 0);
      const part = text.slice(from, at).toLowerCase();
      const all = [...new Set([...NAMES, ...names().map((name) => `${name}:`)])];
      return { from, to: term.end, options: all.filter((name) => name.toLowerCase().startsWith(part)).map((name) => ({ text: name, note: '' })) };
    }
    if (term.kind !== 'key' || at <= term.keyEnd) return null;
    const value = term.values.find((each) => each.start <= at && at <= each.end);
    if (!value || value.quoted) return null;
    const from = term.key === 'level' && term.op ? value.start - term.op.length : value.start;
    const part = text.slice(from, at).toLowerCase();
    const facet = known().find((each) => each.name === term.key);
    const values = term.key === 'level'
      ? LEVELS.map((level) => ({ text: level, note: '' }))
      : (facet?.values ?? []).map((each) => ({ text: each.value === null ? 'none' : quoteValue(String(each.value)), note: each.label ?? '' }));
    return { from, to: value.end, options: values.filter((each) => each.text.toLowerCase().startsWith(part) || each.note.toLowerCase().includes(part)) };
  }

  function offer() {
    const found = document.activeElement === input ? completion() : null;
    const part = found && input.value.slice(found.from, input.selectionStart);
    options = found && !(found.options.length === 1 && found.options[0].text === part) ? found.options.slice(0, 10).map((each) => ({ ...each, from: found.from, to: found.to })) : [];
    chosen = -1;
    replace(list, options.map((each, index) => h('li', {
      class: 'query-option', role: 'option', id: `query-option-${index}`, 'aria-selected': 'false',
      onpointerdown: (event) => { event.preventDefault(); accept(index); },
    }, h('span', null, each.text), each.note ? h('span', { class: 'dim' }, each.note) : null)));
    show(list, options.length > 0);
    show(help, document.activeElement === input && !input.value);
    if (!help.hidden) drawHelp();
    input.setAttribute('aria-expanded', String(options.length > 0));
    input.removeAttribute('aria-activedescendant');
  }

  const show = (what, on) => { what.hidden = !on; };

  function drawHelp() {
    const recent = prefs.get('explore.recent', []);
    const put = (text) => (event) => { event.preventDefault(); input.value = text; submit(); };
    replace(help,
      recent.length ? h('div', null, h('h3', { class: 'query-help-title' }, 'Recent'), recent.map((text) => h('button', { type: 'button', class: 'query-recent', onpointerdown: put(text), onclick: put(text) }, pieces(text).map((p) => h('span', { class: `q-${p.kind}` }, p.text))))) : null,
      h('div', null, h('h3', { class: 'query-help-title' }, 'The language'), h('dl', { class: 'query-language' }, LANGUAGE.map(([form, note]) => [h('dt', null, pieces(form).map((p) => h('span', { class: `q-${p.kind}` }, p.text))), h('dd', null, note)]))));
  }

  function mark(index) {
    chosen = index;
    [...list.children].forEach((item, i) => item.setAttribute('aria-selected', String(i === index)));
    list.children[index]?.scrollIntoView({ block: 'nearest' });
    if (index >= 0) input.setAttribute('aria-activedescendant', `query-option-${index}`);
    else input.removeAttribute('aria-activedescendant');
  }

  function accept(index) {
    const { text, from, to } = options[index];
    const after = text.endsWith(':') ? '' : /^\s/.test(input.value.slice(to)) ? '' : ' ';
    input.setRangeText(text + after, from, to, 'end');
    changed();
    if (after === '') offer();
  }

  function close() {
    show(list, false);
    show(help, false);
    options = [];
    input.setAttribute('aria-expanded', 'false');
  }

  function changed() {
    colour();
    offer();
  }

  input.addEventListener('input', changed);
  input.addEventListener('focus', offer);
  input.addEventListener('click', offer);
  input.addEventListener('blur', close);
  input.addEventListener('scroll', colour);
  input.addEventListener('keydown', (event) => {
    const open = options.length > 0;
    if (open && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      mark((chosen + (event.key === 'ArrowDown' ? 1 : -1) + options.length) % options.length);
    } else if (open && event.key === 'Enter' && chosen >= 0) {
      event.preventDefault();
      accept(chosen);
    } else if (open && event.key === 'Tab' && !event.shiftKey) {
      event.preventDefault();
      accept(Math.max(0, chosen));
    } else if (event.key === 'Escape') {
      event.preventDefault();
      if (open || !help.hidden) close();
      else if (input.value !== applied) { input.value = applied; colour(); } else input.blur();
    }
    event.stopPropagation();
  });

  return {
    element,
    set(text) {
      applied = text;
      if (input.value !== text) input.value = text;
      colour();
    },
    /** An error of the API: {message, hint, position}; null takes it away. */
    fail(found) {
      problem = found && found.position !== null && found.position !== undefined ? { text: input.value, position: Math.min(found.position, Math.max(0, input.value.trimEnd().length - 1)) } : null;
      show(error, Boolean(found));
      replace(error, found ? [found.message, found.hint ? h('span', { class: 'query-error-hint' }, ` ${found.hint}`) : null] : []);
      if (found) input.setAttribute('aria-describedby', 'query-error');
      else input.removeAttribute('aria-describedby');
      input.setAttribute('aria-invalid', String(Boolean(found)));
      colour();
    },
    focus() { input.focus(); input.select(); },
  };
}
