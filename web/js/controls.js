// Characters that are not seen but change what is: they turn text around, erase it, or end a line. They are shown by
// their names, so that what a log says reads in the order in which it was written.

// Controls of C0 (but for tab and line breaks), DEL, C1, and the marks, embeddings, overrides and isolates of text direction.
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const EACH = new RegExp(CONTROLS.source, 'g');

const C0 = 0x2400;  // the pictures of U+0000 to U+001F
const DEL = 0x7f;

function name(character) {
  const code = character.codePointAt(0);
  if (code < 0x20) return String.fromCodePoint(C0 + code);
  if (code === DEL) return '␡';
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Whether a text has any. */
export const hasControls = (text) => CONTROLS.test(text);

/** The text with their names in their places: for attributes and charts. */
export const named = (text) => (hasControls(text) ? text.replace(EACH, name) : text);

/** The text as strings and [name, character] of controls. */
export function parted(text) {
  const parts = [];
  let at = 0;
  for (const { 0: character, index } of text.matchAll(EACH)) {
    if (index > at) parts.push(text.slice(at, index));
    parts.push([name(character), character]);
    at = index + 1;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}
