// Makes pieces of the search language (the only filter there is) from names and values, and links to records.

import { href } from './state.js';

const plain = /^[^\s",()]+$/;

/** A value as it stands after a colon; null is none, and what would be read as something else is quoted. */
export function quoted(value) {
  if (value === null || value === undefined) return 'none';
  const text = String(value);
  if (plain.test(text) && !/^([<>~/*-]|none$)/.test(text) && !text.includes('*')) return text;
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** term('service', 'auth') -> service:auth; term('user', 'Jane Doe', true) -> -user:"Jane Doe" */
export const term = (name, value, not = false) => `${not ? '-' : ''}${name}:${quoted(value)}`;

/** Adds a term to a search unless it is there already. */
export function addTerm(q, added) {
  const text = (q ?? '').trim();
  return ` ${text} `.includes(` ${added} `) ? text : `${text} ${added}`.trim();
}

/** The address of the records of a window, the page's if none is given: logsLink({ from, to, service, level: '>=error', q }) */
export function logsLink({ from, to, service, level, q = '' }) {
  const terms = [q];
  if (service !== undefined) terms.push(term('service', service));
  if (level) terms.push(`level:${level}`);
  return href({ view: 'explore', from, to, q: terms.filter(Boolean).join(' ') });
}
