// Which of several statements in the editor is meant: the one the cursor is in. The server takes one at a time.

/** The statements of a text: [{from, to}] without their semicolons; quotes and comments are skipped. */
export function statements(text) {
  const skip = /'(?:[^']|'')*'?|"(?:[^"]|"")*"?|\$\$[\s\S]*?(?:\$\$|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|;/g;
  const found = [];
  let from = 0;
  const add = (to) => {
    // Blanks and comments alone are no statement.
    if (text.slice(from, to).replace(/--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g, '').trim()) found.push({ from, to });
    from = to + 1;
  };
  for (const hit of text.matchAll(skip)) if (hit[0] === ';') add(hit.index);
  add(text.length);
  return found;
}

/** The statement at a place: {text, offset}, without blanks around it; just after a semicolon it is the one before. */
export function statementAt(text, place) {
  const all = statements(text);
  const within = all.find(({ from, to }) => from <= place && place <= to + 1) ?? all.at(-1);
  if (!within) return { text: '', offset: 0 };
  const part = text.slice(within.from, within.to);
  const offset = within.from + part.length - part.trimStart().length;
  return { text: part.trim(), offset };
}
