// What the SQL editor offers while one types: after `name.` the columns of that table or alias, elsewhere tables, macros,
// columns of the tables in the statement, functions and keywords, in this order.

export const KEYWORDS = `all and anti any array as asc asof at between by case cast collate columns cross cube current date desc
describe distinct else end except exclude exists explain false fetch filter first following for from full glob group grouping
having if ilike in inner intersect interval into is isnull join last lateral left like limit natural not notnull null nulls
offset on or order outer over partition percent pivot positional preceding qualify range recursive replace respect right
rollup row rows sample select semi sets show similar some summarize table tablesample then ties time timestamp to true
unbounded union unnest unpivot using values when where window with within`;

const thousands = (n) => n.toLocaleString('en');

/** The tables of a statement by name and by alias. */
function tablesIn(text, tables) {
  const found = new Map();
  const word = /\b(?:from|join)\s+("?)([\w]+)\1(?:\s*\([^)]*\))?(?:\s+(?:as\s+)?([a-z_]\w*))?/gi;
  for (const [, , name, alias] of text.matchAll(word)) {
    const table = tables.find((t) => t.name.toLowerCase() === name.toLowerCase());
    if (!table) continue;
    found.set(table.name.toLowerCase(), table);
    if (alias) found.set(alias.toLowerCase(), table);
  }
  return found;
}

const column = (table, boost) => ({ name, type }) => ({ label: quoted(name), detail: type, info: table.name, type: 'property', boost });

// A name DuckDB would not read as it stands.
export const quoted = (name) => (/^[a-z_]\w*$/i.test(name) ? name : `"${name.replace(/"/g, '""')}"`);

export function completions(context, schema) {
  if (!schema) return null;
  const tables = schema.tables ?? [];
  const text = context.state.doc.toString();
  const here = tablesIn(text, tables);
  // Before FROM is written it is most likely the records that are meant.
  const likely = here.size ? here : tablesIn('from logs', tables);
  const dotted = context.matchBefore(/\w+\.\w*/);
  if (dotted) {
    const [name] = dotted.text.split('.');
    const table = here.get(name.toLowerCase()) ?? tables.find((t) => t.name.toLowerCase() === name.toLowerCase());
    if (!table) return null;
    return { from: dotted.from + name.length + 1, options: (table.columns ?? []).map(column(table, 0)), validFor: /^\w*$/ };
  }
  const word = context.matchBefore(/\w+/);
  if (!word && !context.explicit) return null;
  if (word && /^\d/.test(word.text)) return null;
  const line = context.state.sliceDoc(Math.max(0, context.pos - 200), context.pos);
  if (/--[^\n]*$/.test(line)) return null;
  // After FROM and JOIN a table comes first, elsewhere a column does.
  const wantsTable = /\b(from|join|describe|summarize|table)\s+\w*$/i.test(line);
  const options = [
    ...tables.map((table) => (table.kind === 'macro'
      ? { label: table.name, apply: table.call ?? `${table.name}()`, detail: 'macro', info: table.about ?? undefined, type: 'function', boost: wantsTable ? 60 : 5 }
      : { label: quoted(table.name), detail: table.rows === null ? table.kind : `${thousands(table.rows)} rows`, info: table.about ?? undefined, type: 'class', boost: wantsTable ? 70 : 10 })),
    ...columnsOf(likely, wantsTable ? -10 : 40),
    ...(schema.functions ?? []).filter((name) => /^\w+$/.test(name)).map((label) => ({ label, apply: call(label), detail: 'function', type: 'function', boost: -20 })),
    ...(schema.keywords ?? KEYWORDS.split(/\s+/)).map((label) => ({ label: label.toLowerCase(), type: 'keyword', boost: -5 })),
  ];
  return { from: word ? word.from : context.pos, options, validFor: /^\w*$/ };
}

function columnsOf(here, boost) {
  const seen = new Map();
  for (const table of new Set(here.values())) {
    for (const each of table.columns ?? []) if (!seen.has(each.name)) seen.set(each.name, column(table, boost)(each));
  }
  return [...seen.values()];
}

/** Puts the cursor between the parentheses. */
const call = (name) => (view, completion, from, to) => {
  const next = view.state.sliceDoc(to, to + 1) === '(' ? '' : '()';
  view.dispatch({ changes: { from, to, insert: name + next }, selection: { anchor: from + name.length + 1 } });
};
