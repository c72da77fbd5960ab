//! Makes `level >= 'WARN'` mean what it says.
//!
//! DuckDB compares an enum with a text as text: `level >= 'ERROR'` is true for INFO, and
//! `level = 'error'` for nothing (duckdb/duckdb issue 16623). Nobody who writes that
//! means it. So a comparison of a column `level` with the name of a level is given the
//! cast that DuckDB needs, before the statement runs; nothing else is touched.

use std::borrow::Cow;

use super::statements::{Token, token_length};
use crate::parse::level::level_of_word;

/// The statement with its comparisons of levels made comparisons of severity.
pub fn with_severity(sql: &str) -> Cow<'_, str> {
    let words = words(sql);
    let mut changed: Vec<(&Word<'_>, String)> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let Some(literal) = word.as_level() else {
            continue;
        };
        let is_cast = words.get(at + 1).is_some_and(|next| next.text == "::");
        let after = at >= 2 && words[at - 1].is_comparison() && words[at - 2].is_level_column();
        let before = words.get(at + 1).is_some_and(Word::is_comparison)
            && words[at + 2..].iter().take(2).any(Word::is_level_column);
        if !is_cast && (after || before) {
            changed.push((word, literal));
        }
    }
    if changed.is_empty() {
        return Cow::Borrowed(sql);
    }
    let mut out = String::with_capacity(sql.len() + 16 * changed.len());
    let mut copied = 0;
    for (word, literal) in changed {
        out.push_str(&sql[copied..word.start]);
        out.push_str(&literal);
        copied = word.start + word.text.len();
    }
    out.push_str(&sql[copied..]);
    Cow::Owned(out)
}

/// A name, a number, a quoted text, or a run of operator characters.
struct Word<'a> {
    start: usize,
    text: &'a str,
}

impl Word<'_> {
    fn is_comparison(&self) -> bool {
        matches!(self.text, ">=" | "<=" | ">" | "<" | "=" | "<>" | "!=" | "==")
    }

    /// `level`, `"level"`, and the last part of `l.level`.
    fn is_level_column(&self) -> bool {
        let name = self.text.rsplit('.').next().unwrap_or_default();
        name.trim_matches('"').eq_ignore_ascii_case("level")
    }

    /// The literal that means this level, if the word is the name of one in quotes.
    fn as_level(&self) -> Option<String> {
        let name = self.text.strip_prefix('\'')?.strip_suffix('\'')?;
        Some(format!("'{}'::level", level_of_word(name)?.name()))
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
    fn comparisons_of_levels_get_their_cast() {
        for (sql, expected) in [
            ("from logs where level >= 'WARN'", "from logs where level >= 'WARN'::level"),
            ("where l.level>'error' and x", "where l.level>'ERROR'::level and x"),
            ("where \"level\" = 'warning'", "where \"level\" = 'WARN'::level"),
            ("where 'WARN' <= l.level", "where 'WARN'::level <= l.level"),
            ("select LEVEL<>'info'", "select LEVEL<>'INFO'::level"),
        ] {
            assert_eq!(with_severity(sql), expected);
        }
    }

    #[test]
    fn nothing_else_is_touched() {
        for sql in [
            "where level >= 'WARN'::level",
            "where level in ('WARN', 'ERROR')",
            "where message = 'error'",
            "where level = 'purple'",
            "select 'level >= ''WARN'''",
            "-- level >= 'WARN'\nselect 1",
            "where service = 'info' and level is null",
            "select '€' || level",
        ] {
            assert_eq!(with_severity(sql), sql);
        }
    }
}
