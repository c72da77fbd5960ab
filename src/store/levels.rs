//! Makes `level >= 'WARN'` mean what it says.
//!
//! DuckDB compares an enum with a text as text: `level >= 'ERROR'` is true for INFO, and
//! `level = 'error'` for nothing (duckdb/duckdb issue 16623). Nobody who writes that
//! means it. So where a column `level` is compared with the names of levels (`=`, `<`,
//! `between`, `in`, …) both sides are given the cast that DuckDB needs, before the statement
//! runs; nothing else is touched.

use std::borrow::Cow;

use super::statements::{Token, token_length};
use crate::parse::level::level_of_word;

/// The statement with its comparisons of levels made comparisons of severity.
pub fn with_severity(sql: &str) -> Cow<'_, str> {
    let words = words(sql);
    let mut edits: Vec<(usize, String)> = Vec::new();
    for at in 0..words.len() {
        if words[at].is_level_column() && !is_cast(&words, at) {
            let levels = compared_levels(&words, at);
            if !levels.is_empty() {
                edits.push((at, format!("{}::level", words[at].text)));
            }
            for (literal, name) in levels {
                edits.push((literal, format!("'{name}'::level")));
            }
        }
    }
    if edits.is_empty() {
        return Cow::Borrowed(sql);
    }
    edits.sort_unstable();
    edits.dedup_by_key(|(at, _)| *at);
    let mut out = String::with_capacity(sql.len() + 16 * edits.len());
    let mut copied = 0;
    for (at, text) in edits {
        out.push_str(&sql[copied..words[at].start]);
        out.push_str(&text);
        copied = words[at].start + words[at].text.len();
    }
    out.push_str(&sql[copied..]);
    Cow::Owned(out)
}

fn is_cast(words: &[Word<'_>], at: usize) -> bool {
    words.get(at + 1).is_some_and(|next| next.text == "::")
}

/// The literals that the column at `at` is compared with, if all of them name levels.
fn compared_levels(words: &[Word<'_>], at: usize) -> Vec<(usize, &'static str)> {
    let level = |at: usize| {
        let name = words.get(at)?.level_name()?;
        (!is_cast(words, at)).then_some((at, name))
    };
    let before = match at.checked_sub(2).map(|literal| (literal, words[at - 1].is_comparison())) {
        Some((literal, true)) => level(literal),
        _ => None,
    };
    if let Some(found) = before {
        return vec![found];
    }
    let operator = at + 1 + usize::from(words.get(at + 1).is_some_and(|word| word.is("not")));
    let places: Vec<usize> = match words.get(operator) {
        Some(word) if word.is_comparison() => vec![operator + 1],
        Some(word) if word.is("between") => vec![operator + 1, operator + 3],
        Some(word) if word.is("in") => places_in_list(words, operator + 1),
        _ => Vec::new(),
    };
    let found: Vec<_> = places.iter().filter_map(|&place| level(place)).collect();
    if found.len() == places.len() { found } else { Vec::new() }
}

/// The places of the elements of a bracketed list that begins at `at`.
fn places_in_list(words: &[Word<'_>], at: usize) -> Vec<usize> {
    let mut places = Vec::new();
    let mut place = at + 1;
    while words.get(at).is_some_and(|word| word.text == "(") {
        places.push(place);
        match words.get(place + 1).map(|word| word.text) {
            Some(",") => place += 2,
            Some(")") => return places,
            _ => break,
        }
    }
    Vec::new()
}

/// A name, a number, a quoted text, or a run of operator characters.
struct Word<'a> {
    start: usize,
    text: &'a str,
}

impl Word<'_> {
    fn is(&self, keyword: &str) -> bool {
        self.text.eq_ignore_ascii_case(keyword)
    }

    fn is_comparison(&self) -> bool {
        matches!(self.text, ">=" | "<=" | ">" | "<" | "=" | "<>" | "!=" | "==")
    }

    /// `level`, `"level"`, and the last part of `l.level`.
    fn is_level_column(&self) -> bool {
        let name = self.text.rsplit('.').next().unwrap_or_default();
        name.trim_matches('"').eq_ignore_ascii_case("level")
    }

    /// The enum's name of the level, if the word is the name of one in quotes.
    fn level_name(&self) -> Option<&'static str> {
        let name = self.text.strip_prefix('\'')?.strip_suffix('\'')?;
        Some(level_of_word(name)?.name())
    }
}

fn words(sql: &str) -> Vec<Word<'_>> {
    let mut words: Vec<Word<'_>> = Vec::new();
    let mut at = 0;
    let mut joins = false;
    while at < sql.len() {
        let (length, token) = token_length(&sql[at..]);
        let text = &sql[at..at + length];
        match words.last_mut() {
            // The scanner gives single characters: those of a name or operator belong together.
            Some(last) if joins && token == Token::Text && same_kind(last.text, text) => {
                last.text = &sql[last.start..at + length];
            }
            _ if token == Token::Text => words.push(Word { start: at, text }),
            _ => {}
        }
        joins = token == Token::Text;
        at += length;
    }
    words
}

fn same_kind(before: &str, after: &str) -> bool {
    let kind = |text: &str, at_end: bool| {
        let c = if at_end { text.chars().next_back() } else { text.chars().next() };
        match c {
            Some(c) if c.is_alphanumeric() || matches!(c, '_' | '.' | '"') => 1,
            Some('>' | '<' | '=' | '!') => 2,
            Some(':') => 3,
            _ => 0,
        }
    };
    let before = kind(before, true);
    before != 0 && before == kind(after, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_of_levels_get_their_casts() {
        for (sql, expected) in [
            ("from logs where level >= 'WARN'", "from logs where level::level >= 'WARN'::level"),
            ("where l.level>'error' and x", "where l.level::level>'ERROR'::level and x"),
            ("where \"level\" = 'warning'", "where \"level\"::level = 'WARN'::level"),
            ("where 'WARN' <= l.level", "where 'WARN'::level <= l.level::level"),
            ("select LEVEL<>'info'", "select LEVEL::level<>'INFO'::level"),
            (
                "where level not between 'warn' and 'fatal'",
                "where level::level not between 'WARN'::level and 'FATAL'::level",
            ),
            (
                "where level in ('error','warn')",
                "where level::level in ('ERROR'::level,'WARN'::level)",
            ),
        ] {
            assert_eq!(with_severity(sql), expected);
        }
    }

    #[test]
    fn nothing_else_is_touched() {
        for sql in [
            "where level >= 'WARN'::level",
            "where level::varchar = 'error'",
            "where level in (select level from x)",
            "where level in ('error', 'purple')",
            "where message = 'error'",
            "where level = 'purple'",
            "select 'level >= ''WARN'''",
            "-- level >= 'WARN'\nselect 1",
            "where service = 'info' and level is null",
            "select '€' || level",
            "select level",
            "level in (",
        ] {
            assert_eq!(with_severity(sql), sql);
        }
    }
}
