// The search language as the page needs to know it: where its terms begin and end (to colour them, to
// complete them) and how a click on a value changes a query. What matches is decided by the server alone.

// As the server reads it: a name, a colon and something after it (or nothing yet, while one types); no address.
const KEY = /^[\p{L}_@][\p{L}\p{N}_.@-]*(?=:(?:\S|$))(?!:\/\/)/u;
const OPERATOR = /^(>=|<=|>|<|~)/;

/** One past the end of a quoted text that starts at `at`; the end of the text if it is never closed. */
function quotedEnd(text, at) {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i + 1;
  }
  return text.length;
}

function wordEnd(text, at) {
  while (at < text.length && !/\s/.test(text[at])) at++;
  return at;
}

/** One past the closing slash of a regular expression, or -1 if it is only a word that starts with one. */
function regexEnd(text, at) {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '/' && (i + 1 === text.length || /\s/.test(text[i + 1]))) return i + 1;
  }
  return -1;
}

const unquote = (text) => (text.startsWith('"') ? text.slice(1).replace(/"$/, '').replace(/\\(["\\])/g, '$1') : text);

/** The values of `key:a,"b c"` with their places. */
function readValues(text, at) {
  const values = [];
  for (;;) {
    const start = at;
    if (text[at] === '"') at = quotedEnd(text, at);
    while (at < text.length && !/[\s,]/.test(text[at])) at++;
    const raw = text.slice(start, at);
    values.push({ start, end: at, text: unquote(raw), quoted: raw.startsWith('"') });
    if (text[at] !== ',') return { values, end: at };
    at++;
  }
}

/**
 * The terms of a query, in order:
 * {start, end, not, kind: 'word'|'phrase'|'regex'|'key', text} and for kind 'key' also
 * {key, keyStart, keyEnd, op, values: [{start, end, text, quoted}]}.
 */
export function terms(text) {
  const found = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at])) { at++; continue; }
    const start = at;
    const not = text[at] === '-' && at + 1 < text.length && !/\s/.test(text[at + 1]);
    if (not) at++;
    const rest = text.slice(at);
    const key = KEY.exec(rest)?.[0];
    if (text[at] === '"') {
      const end = quotedEnd(text, at);
      found.push({ start, end, not, kind: 'phrase', text: unquote(text.slice(at, end)) });
      at = end;
    } else if (text[at] === '/' && regexEnd(text, at) > 0) {
      const end = regexEnd(text, at);
      found.push({ start, end, not, kind: 'regex', text: text.slice(at + 1, end - 1) });
      at = end;
    } else if (key) {
      const keyStart = at;
      const keyEnd = at + key.length;
      const op = OPERATOR.exec(text.slice(keyEnd + 1))?.[0] ?? '';
      const from = keyEnd + 1 + op.length;
      // A pattern may hold commas; it ends at the next blank.
      const read = op === '~'
        ? { values: [{ start: from, end: wordEnd(text, from), text: text.slice(from, wordEnd(text, from)), quoted: false }], end: wordEnd(text, from) }
        : readValues(text, from);
      found.push({ start, end: read.end, not, kind: 'key', text: text.slice(start, read.end), key, keyStart, keyEnd, op, values: read.values });
      at = read.end;
    } else {
      const end = wordEnd(text, at);
      found.push({ start, end, not, kind: 'word', text: text.slice(at, end) });
      at = end;
    }
  }
  return found;
}

/** Pieces [{text, kind}] that together are the query, for colouring it. */
export function pieces(text) {
  const out = [];
  let at = 0;
  const take = (end, kind) => {
    if (end > at) out.push({ text: text.slice(at, end), kind });
    at = Math.max(at, end);
  };
  for (const term of terms(text)) {
    take(term.start, 'blank');
    if (term.not) take(term.start + 1, 'not');
    if (term.kind === 'key') {
      take(term.keyEnd, 'key');
      take(term.keyEnd + 1 + term.op.length, 'op');
      for (const value of term.values) {
        take(value.start, 'op');
        take(value.end, 'value');
      }
    }
    take(term.end, term.kind);
  }
  take(text.length, 'blank');
  return out;
}

/** A value as it stands in a query: in quotes where it would be read as something else. */
export function quoteValue(value) {
  const plain = value !== '' && !/[\s,"*\\]/.test(value) && !/^[<>=~]/.test(value) && value !== 'none';
  return plain ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

const written = (name, value) => {
  if (value === null || value === undefined) return 'none';
  return name === 'level' ? String(value).toLowerCase() : quoteValue(String(value));
};

const same = (name, value, wanted) => (name === 'level'
  ? value.text.toLowerCase() === wanted
  : (value.quoted ? quoteValue(value.text) : value.text) === wanted);

const replace = (text, term, by) =>
  `${text.slice(0, term.start)}${by}${text.slice(term.end)}`.replace(/\s+/g, (blank, at) => (inQuotes(text, at) ? blank : ' ')).trim();

// Blanks inside quotes are part of a value and stay as they are.
const inQuotes = (text, at) => terms(text).some((term) => term.start < at && at < term.end);

/** How a query treats a value: 'in', 'out' or ''. */
export function stateOf(text, name, value) {
  const wanted = written(name, value);
  for (const term of terms(text)) {
    if (term.kind === 'key' && term.key === name && !term.op && term.values.some((v) => same(name, v, wanted))) {
      return term.not ? 'out' : 'in';
    }
  }
  return '';
}

/** Whether the language can ask for a field of this name (its own names mean columns there). */
export const canAsk = (name) => /^[\p{L}_@][\p{L}\p{N}_.@-]*$/u.test(name) && !['level', 'service', 'host', 'source', 'message'].includes(name);

/** Whether a query says anything about a name. */
export const mentions = (text, name) => terms(text).some((term) => term.kind === 'key' && term.key === name);

/** The query without a value; the whole term goes when it was its only one. */
export function withoutValue(text, name, value) {
  const wanted = written(name, value);
  for (const term of terms(text).reverse()) {
    if (term.kind !== 'key' || term.key !== name || term.op) continue;
    const left = term.values.filter((v) => !same(name, v, wanted));
    if (left.length === term.values.length) continue;
    const by = left.length ? `${term.not ? '-' : ''}${name}:${left.map((v) => (v.quoted ? quoteValue(v.text) : v.text)).join(',')}` : '';
    text = replace(text, term, by);
  }
  return text;
}

/** The query without anything about a name. */
export function withoutName(text, name) {
  for (const term of terms(text).reverse()) {
    if (term.kind === 'key' && term.key === name) text = replace(text, term, '');
  }
  return text;
}

/** The query with a value asked for, or excluded. A second value of a name joins the first: a,b. */
export function withValue(text, name, value, exclude = false) {
  text = withoutValue(text, name, value);
  const add = written(name, value);
  const term = terms(text).find((t) => t.kind === 'key' && t.key === name && !t.op && t.not === exclude);
  if (term) return replace(text, term, `${text.slice(term.start, term.end)},${add}`);
  return `${text.trim()} ${exclude ? '-' : ''}${name}:${add}`.trim();
}

/** The query with a phrase of the message asked for, or excluded. */
export function withPhrase(text, phrase, exclude = false) {
  return `${text.trim()} ${exclude ? '-' : ''}"${phrase.replace(/["\\]/g, '\\$&')}"`.trim();
}

/** What to mark in messages: words and phrases asked for, and regular expressions JavaScript understands. */
export function marks(text) {
  const parts = [];
  for (const term of terms(text)) {
    if (term.not || !term.text) continue;
    if (term.kind === 'word' || term.kind === 'phrase') parts.push(term.text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  }
  const wanted = [];
  if (parts.length) wanted.push(new RegExp(parts.join('|'), 'gi'));
  for (const term of terms(text)) {
    if (term.not || term.kind !== 'regex') continue;
    const anyCase = term.text.startsWith('(?i)');
    try {
      wanted.push(new RegExp(anyCase ? term.text.slice(4) : term.text, anyCase ? 'gi' : 'g'));
    } catch { /* RE2 knows forms JavaScript does not; such a match is only not marked. */ }
  }
  return wanted;
}
