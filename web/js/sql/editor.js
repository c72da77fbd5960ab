// The SQL editor: CodeMirror with a DuckDB dialect, completion from the schema and the place of an error marked.
// Loaded only when the SQL view opens. Its colours are in css/sql.css: no styles are written into the page.
import {
  Decoration, EditorState, EditorView, HighlightStyle, SQLDialect, StateEffect, StateField, autocompletion, bracketMatching,
  closeBrackets, closeBracketsKeymap, completionKeymap, Compartment, defaultKeymap, drawSelection, highlightSpecialChars,
  history, historyKeymap, indentUnit, indentWithTab, keymap, lineNumbers, placeholder, sql, syntaxHighlighting, tags, tooltips,
} from '../../vendor/codemirror-6.43.15/codemirror.min.js';
import { completions, KEYWORDS } from './complete.js';
import { statementAt } from './statement.js';

const TYPES = `bigint bit blob boolean bool char date decimal double enum float hugeint integer int interval json list map
numeric real smallint struct text time timestamp timestamptz tinyint ubigint uhugeint uinteger union usmallint utinyint uuid varchar`;

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], class: 'sql-keyword' },
  { tag: tags.typeName, class: 'sql-type' },
  { tag: [tags.string, tags.special(tags.string)], class: 'sql-string' },
  { tag: [tags.number, tags.bool, tags.null], class: 'sql-number' },
  { tag: [tags.comment, tags.lineComment, tags.blockComment], class: 'sql-comment' },
  { tag: tags.standard(tags.name), class: 'sql-function' },
]);

const setError = StateEffect.define();
const errorMark = Decoration.mark({ class: 'sql-error-mark' });
const errorField = StateField.define({
  create: () => Decoration.none,
  update(marks, change) {
    for (const effect of change.effects) {
      if (effect.is(setError)) return effect.value ? Decoration.set([errorMark.range(effect.value.from, effect.value.to)]) : Decoration.none;
    }
    // It is about the text as it was; the next key makes it stale.
    return change.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const dialect = (schema) => SQLDialect.define({
  keywords: `${KEYWORDS} ${(schema?.keywords ?? []).join(' ')}`.toLowerCase(),
  types: TYPES,
  builtin: (schema?.functions ?? []).filter((name) => /^\w+$/.test(name)).join(' ').toLowerCase(),
  doubleDollarQuotedStrings: true,
  slashComments: false,
  identifierQuotes: '"',
  operatorChars: '+-*/<>=~!@#%^&|`?',
});

// Typing over a selection, Chromium keeps the look of what was there in a style attribute, which the CSP forbids (and
// reports). So the text is put in here, as CodeMirror would have: through its input handlers first.
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    if (event.inputType !== 'insertText' || !event.data || empty || view.composing) return false;
    const insert = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: 'input.type', scrollIntoView: true });
    if (!view.state.facet(EditorView.inputHandler).some((handler) => handler(view, from, to, event.data, insert))) view.dispatch(insert());
    event.preventDefault();
    return true;
  },
});

// Completions that are open, or about to be, would lie over what was run.
const closeCompletion = completionKeymap.find(({ key }) => key === 'Escape').run;

/** An editor in `parent`. onRun() for Ctrl- or Cmd-Enter, onChange() after every change of the text. */
export function createEditor(parent, { text, onRun, onChange }) {
  let schema = null;
  const language = new Compartment();
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      selection: { anchor: text.length },
      extensions: [
        lineNumbers(), highlightSpecialChars(), history(), drawSelection(), bracketMatching(), closeBrackets(),
        EditorView.lineWrapping, typeOver, indentUnit.of('    '), errorField,
        autocompletion({ override: [(context) => completions(context, schema)], icons: false, maxRenderedOptions: 60 }),
        tooltips({ parent: parent.parentElement }),
        placeholder('select … from logs'),
        language.of(sql({ dialect: dialect(null) })),
        syntaxHighlighting(colours),
        keymap.of([
          { key: 'Mod-Enter', run: (target) => { closeCompletion(target); onRun(); return true; }, preventDefault: true },
          // Tab indents, and Escape then Tab leaves the editor, as is usual.
          ...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab,
        ]),
        EditorView.contentAttributes.of({ 'aria-label': 'SQL statement', 'data-test': 'sql-editor' }),
        EditorView.updateListener.of((change) => { if (change.docChanged) onChange(); }),
      ],
    }),
  });
  return {
    get text() { return view.state.doc.toString(); },
    set text(value) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value }, selection: { anchor: value.length } });
    },
    /** What to run: {text, offset}; the selection, if there is one, otherwise the statement the cursor is in. */
    get statement() {
      const { from, to, empty } = view.state.selection.main;
      const part = empty ? '' : view.state.sliceDoc(from, to);
      return part.trim() ? { text: part, offset: from } : statementAt(view.state.doc.toString(), from);
    },
    set schema(value) {
      schema = value;
      view.dispatch({ effects: language.reconfigure(sql({ dialect: dialect(value) })) });
    },
    insert(value) {
      const { from, to } = view.state.selection.main;
      const before = from > 0 && /\w/.test(view.state.sliceDoc(from - 1, from)) ? ' ' : '';
      view.dispatch({ changes: { from, to, insert: before + value }, selection: { anchor: from + before.length + value.length }, scrollIntoView: true });
      view.focus();
    },
    /** Marks the word at a place, or nothing for null; gives {line, column} from 1. */
    mark(position) {
      if (position === null) {
        view.dispatch({ effects: setError.of(null) });
        return null;
      }
      const end = view.state.doc.length;
      let from = Math.max(0, Math.min(position, end));
      let to = from + (/^[\w.]+|^\S/.exec(view.state.sliceDoc(from, end))?.[0].length ?? 0);
      // An error at the end has nothing to underline; the last character stands for it.
      if (to === from) [from, to] = end ? [Math.max(0, Math.min(from, end) - 1), Math.max(1, Math.min(from, end))] : [0, 0];
      if (to > from) view.dispatch({ effects: setError.of({ from, to }) });
      const line = view.state.doc.lineAt(from);
      return { line: line.number, column: from - line.from + 1 };
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
