// Saved and recent queries, kept in this browser.
import { prefs } from '../prefs.js';

const RECENT = 40;

export const library = {
  /** [{name, sql}] by name */
  get saved() { return prefs.get('sql.saved', []); },
  /** [{sql, at}] newest first */
  get recent() { return prefs.get('sql.recent', []); },

  /** Under a name that exists it takes that one's place. */
  save(name, sql) {
    const rest = library.saved.filter((each) => each.name !== name);
    prefs.set('sql.saved', [...rest, { name, sql }].sort((a, b) => a.name.localeCompare(b.name)));
  },
  rename(from, to) {
    const found = library.saved.find((each) => each.name === from);
    if (!found || !to || from === to) return;
    library.remove(from);
    library.save(to, found.sql);
  },
  remove(name) { prefs.set('sql.saved', library.saved.filter((each) => each.name !== name)); },

  remember(sql) {
    const text = sql.trim();
    prefs.set('sql.recent', [{ sql: text, at: Date.now() }, ...library.recent.filter((each) => each.sql !== text)].slice(0, RECENT));
  },
  forget(sql) { prefs.set('sql.recent', sql === undefined ? [] : library.recent.filter((each) => each.sql !== sql)); },
};

/** A name to offer for a statement: what it reads from, and a little of what. */
export function nameFor(sql) {
  const words = sql.replace(/--[^\n]*/g, ' ').replace(/\s+/g, ' ').trim();
  return words.length > 48 ? `${words.slice(0, 47)}…` : words;
}
