//! The columns of a log that no format knows: learned from its first lines, read from
//! every line.
//!
//! After the timestamp of a line come, in most logs, a few short pieces that every line
//! has in the same place: a level, a thread in brackets, a name before a colon, a dash
//! or a bar. [`learn`] finds them one after the other: a piece is a column if nearly
//! all lines have it, and names are one only if they repeat. What is no column is the
//! message. A single line that lacks a column keeps its text.

use std::collections::HashSet;

use super::{syslog, text};
use crate::parse::level::{level_of_letter, level_of_word};
use crate::parse::scan::Cursor;
use crate::parse::time;
use crate::record::Level;

/// A piece is a column if this share of the lines has it.
const SHARE: f64 = 0.9;
/// Names of programs may be missing in some lines (the kernel's, repeated messages).
const TAG_SHARE: f64 = 0.8;
/// More columns than any head has.
const COLUMNS_MAX: usize = 10;
/// Unnamed words that may stand before a level or a second timestamp.
const WORDS_MAX: usize = 4;
/// Longest name, thread or cell of a head.
const CELL_BYTES_MAX: usize = 64;
/// Most words of a name before a dash: `chrome.exe *64 - `.
const NAME_WORDS_MAX: usize = 3;

/// A piece of the head, at the beginning of what is left of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// A level, after so many words.
    Level { words: usize },
    /// A level of one letter.
    Letter,
    /// One more timestamp, after so many words.
    Stamp { words: usize },
    /// A syslog tag, after so many words.
    Tag { words: usize },
    /// `[text]`, or a number in angle brackets: `<12>`.
    Bracket,
    /// `{text}` in one word: the id of a request.
    Brace,
    /// `text|`.
    Cell,
    /// `name - `.
    NameDash,
    /// `shop.cart.Store`, and the colon or dash after it.
    Class,
    /// A number.
    Number,
}

/// What a column holds in one line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece<'a> {
    Level(Level),
    /// The text that begins with the timestamp, as [`time::read`] wants it.
    Stamp(&'a str),
    Tag(syslog::Tag<'a>),
    /// The word before a tag.
    Host(&'a str),
    /// What stood in brackets.
    Bracket(&'a str),
    /// What stood in braces.
    Brace(&'a str),
    /// An unnamed word right before a level or a stamp.
    Text(&'a str),
    Cell(&'a str),
    Number(&'a str),
    Name(&'a str),
}

/// The columns that follow the timestamps of a log; `rests` are the texts after them.
pub fn learn(rests: &[&str]) -> Vec<Column> {
    let mut cursors: Vec<Cursor<'_>> = rests.iter().map(|rest| Cursor::new(rest)).collect();
    let mut columns = Vec::new();
    while columns.len() < COLUMNS_MAX && !cursors.is_empty() {
        let has_cells = columns.contains(&Column::Cell);
        let found = candidates(&columns).find(|column| is_column(*column, &cursors, has_cells));
        let Some(column) = found else { break };
        columns.push(column);
        for cursor in &mut cursors {
            read(column, cursor, |_| {});
        }
    }
    columns
}

/// What may come next, the surest first. A name ends the head, but for brackets.
fn candidates(columns: &[Column]) -> impl Iterator<Item = Column> + use<> {
    let levelled =
        columns.iter().any(|column| matches!(column, Column::Level { .. } | Column::Letter));
    let named = columns
        .iter()
        .any(|column| matches!(column, Column::Class | Column::NameDash | Column::Tag { .. }));
    let cells = columns.last() == Some(&Column::Cell);
    let bracketed = columns.last() == Some(&Column::Bracket);
    // A second one after the name may as well begin the message.
    let bracket_after_name = named && bracketed;
    let numbered = columns.contains(&Column::Number);
    let levels = (0..=WORDS_MAX).map(|words| Column::Level { words });
    let stamps = (0..WORDS_MAX).map(|words| Column::Stamp { words });
    let tags = (0..=2).map(|words| Column::Tag { words });
    std::iter::empty()
        .chain(levels.clone().take(1))
        .chain(stamps.clone().take(1))
        .chain([Column::Letter, Column::Cell, Column::Bracket, Column::Brace])
        .chain(levels.skip(1))
        .chain(stamps.skip(1))
        .chain([Column::NameDash])
        .chain(tags)
        .chain([Column::Class, Column::Number])
        .filter(move |column| match column {
            Column::Level { .. } | Column::Letter => !levelled && !named,
            Column::Cell => !named,
            Column::Bracket => !cells && !bracket_after_name,
            // Elsewhere it may as well begin the message.
            Column::Brace => bracketed && !named,
            Column::Number => !named && !numbered && !cells,
            Column::NameDash | Column::Tag { .. } | Column::Class => !named && !cells,
            Column::Stamp { .. } => !named,
        })
}

/// Whether nearly all lines have this piece next; `has_cells`: there are cells before it.
fn is_column(column: Column, cursors: &[Cursor<'_>], has_cells: bool) -> bool {
    let mut names = HashSet::new();
    let (mut found, mut with_pid) = (0, 0);
    for mut cursor in cursors.iter().copied() {
        let present = read(column, &mut cursor, |piece| match piece {
            Piece::Name(name) => {
                names.insert(name);
            }
            Piece::Cell(cell) if !cell.bytes().all(|b| b.is_ascii_digit()) => {
                names.insert(cell);
            }
            Piece::Tag(tag) => {
                names.insert(tag.app);
                with_pid += usize::from(tag.pid.is_some());
            }
            _ => {}
        });
        // A head is followed by a message; a number alone is the message.
        found += usize::from(present && !(cursor.is_at_end() && column == Column::Number));
    }
    let lines = cursors.len();
    let share = found as f64 / lines as f64;
    match column {
        Column::Tag { words } => {
            let sure = with_pid * 2 >= found || (words == 0 && repeat(&names, found));
            share >= TAG_SHARE && sure
        }
        // A message may have bars in it.
        Column::Cell if has_cells => share >= SHARE && names.len() <= (lines / 2).max(1),
        Column::NameDash | Column::Class => share >= SHARE && repeat(&names, found),
        _ => share >= SHARE,
    }
}

/// Names of a column repeat; first words of messages hardly do.
fn repeat(names: &HashSet<&str>, lines: usize) -> bool {
    names.len() <= (4 + lines / 4).min(1 + lines / 2)
        && !names.iter().any(|name| text::begins_messages(name))
}

/// Reads a column and what separates it from the next; hands its pieces to `take`.
/// Says whether it was there; if not, the cursor has not moved and nothing was handed over.
#[inline]
pub fn read<'a>(column: Column, cursor: &mut Cursor<'a>, mut take: impl FnMut(Piece<'a>)) -> bool {
    let mut probe = *cursor;
    skip_separators(&mut probe);
    let start = probe;
    let words = match column {
        Column::Level { words } | Column::Stamp { words } | Column::Tag { words } => words,
        _ => 0,
    };
    for _ in 0..words {
        if probe.token().is_none_or(|word| word.len() > CELL_BYTES_MAX) || !probe.skip_spaces() {
            return false;
        }
    }
    let Some(piece) = read_piece(column, &mut probe) else {
        return false;
    };
    let mut unnamed = start;
    for left in (0..words).rev() {
        let word = unnamed.word().unwrap_or_default();
        let host = left == 0 && matches!(column, Column::Tag { .. });
        take(if host { Piece::Host(word) } else { Piece::Text(word) });
    }
    take(piece);
    *cursor = probe;
    true
}

fn read_piece<'a>(column: Column, cursor: &mut Cursor<'a>) -> Option<Piece<'a>> {
    match column {
        Column::Level { words: 0 } => cursor.level().map(Piece::Level),
        // Further on a lower-case word is a word.
        Column::Level { .. } => {
            let capitals = Cursor::new(cursor.rest()).token()?;
            let capitals = capitals.bytes().all(|b| !b.is_ascii_lowercase());
            cursor.level().filter(|_| capitals).map(Piece::Level)
        }
        Column::Letter => letter(cursor).map(Piece::Level),
        Column::Stamp { .. } => {
            let text = cursor.rest();
            let (_, length) = time::read(text.as_bytes())?;
            cursor.advance(length);
            Some(Piece::Stamp(text))
        }
        // A name of several words would take the host's.
        Column::Tag { .. } => {
            syslog::tag(cursor).filter(|tag| !tag.app.contains(' ')).map(Piece::Tag)
        }
        Column::Bracket => cursor.bracket().or_else(|| angle(cursor)).map(Piece::Bracket),
        Column::Brace => brace(cursor).map(Piece::Brace),
        Column::Cell => cell(cursor).map(Piece::Cell),
        Column::NameDash => name_dash(cursor).map(Piece::Name),
        Column::Class => class(cursor).map(Piece::Name),
        Column::Number => number(cursor).map(Piece::Number),
    }
}

/// `I ` or `I|`, and the blanks after it.
fn letter(cursor: &mut Cursor<'_>) -> Option<Level> {
    let mut probe = *cursor;
    let level = level_of_letter(probe.peek()?)?;
    probe.advance(1);
    if !matches!(probe.peek(), Some(b' ' | b'\t' | b'|')) {
        return None;
    }
    *cursor = probe;
    Some(level)
}

/// `<12>`: a number, for levels stand in angle brackets too.
fn angle<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let inside = cursor.enclosed_within(b'<', b'>', CELL_BYTES_MAX)?;
    inside.bytes().all(|b| b.is_ascii_digit()).then_some(inside)
}

/// `{}`, `{5f0c9d1e-b7a2}`.
fn brace<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let inside = cursor.enclosed_within(b'{', b'}', CELL_BYTES_MAX)?;
    let is_id = inside.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    (is_id && cursor.skip_spaces()).then_some(inside)
}

/// `text|`, not longer than names are.
fn cell<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    cursor.until_within("|", CELL_BYTES_MAX).map(str::trim)
}

/// `chrome.exe - `, `chrome.exe *64 - `.
fn name_dash<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let name = cursor.until_within(" - ", CELL_BYTES_MAX)?.trim_end();
    let words = name.split(' ').count();
    (!name.is_empty() && words <= NAME_WORDS_MAX && !name.ends_with(':')).then_some(name)
}

/// A dotted name in one word, and its colon or dash.
fn class<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let token = cursor.token().filter(|token| token.len() <= 2 * CELL_BYTES_MAX)?;
    let name = token.strip_suffix(':').unwrap_or(token);
    let dotted = name.split('.').count() >= 2
        && name.split('.').all(|part| {
            part.as_bytes().first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        });
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$'));
    if !dotted || !plain {
        return None;
    }
    cursor.skip_spaces();
    if !cursor.eat_str("- ") {
        cursor.eat_str(": ");
    }
    Some(name)
}

/// `812`; with a colon only before a level, for a message may begin so.
fn number<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let token = cursor.token()?;
    let text = token.strip_suffix(':').unwrap_or(token);
    let is_number =
        !text.is_empty() && text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
    let mut after = *cursor;
    let is_column = text.len() == token.len() || (after.skip_spaces() && after.level().is_some());
    (is_number && is_column).then_some(text)
}

/// Blanks, and one `|`, `,`, `:`, `;` or free-standing dash with the blanks around it.
pub fn skip_separators(cursor: &mut Cursor<'_>) {
    cursor.skip_spaces();
    let bytes = cursor.rest().as_bytes();
    let dashes = bytes.iter().take(3).take_while(|&&b| b == b'-').count();
    let length = match (bytes.first(), bytes.get(dashes)) {
        (Some(b'|' | b',' | b':' | b';'), _) => 1,
        (Some(b'-'), Some(b' ')) => dashes,
        _ => return,
    };
    cursor.advance(length);
    cursor.skip_spaces();
}

/// Whether a word of the head is a level by itself: `INFO`, `[warn]`.
pub fn level_of_column(word: &str) -> Option<Level> {
    level_of_word(word.trim_matches(|c: char| !c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_what_nearly_all_lines_have() {
        for (rests, expected) in [
            (
                &["|Step|30002|walk 3", "|Step|30002|rest", "|Store|30002|a b"][..],
                &[Column::Cell, Column::Cell][..],
            ),
            (
                &[" 2005.06.03 R1 RAS KERNEL INFO ok", " 2005.06.03 R2 RAS APP FATAL bad"],
                &[Column::Level { words: 4 }],
            ),
            (&[" a.exe - x open", " b.exe *64 - y close"], &[Column::NameDash]),
            (
                &[" 812 INFO shop.cart [r-1] x", " 813 WARN shop.cart [r-2] y"],
                &[Column::Level { words: 1 }, Column::Class, Column::Bracket],
            ),
            (
                &[
                    " [ 812 ] {} <Error> Pool: x",
                    " [ 813 ] {5f0c-9d} <Debug> Query: y",
                    " [ 813 ] {} <Debug> Disk: z",
                ],
                &[Column::Bracket, Column::Brace, Column::Level { words: 0 }],
            ),
            (
                &[": 812: info : up", ": 813: error : virNet:1791 : no"],
                &[Column::Number, Column::Level { words: 0 }],
            ),
            (
                &[" <01> Info  up", " <12> Error  no"],
                &[Column::Bracket, Column::Level { words: 0 }],
            ),
            (
                &["|ERROR|shop|boom|x=1", "|INFO|shop|ok|x=2"],
                &[Column::Level { words: 0 }, Column::Cell],
            ),
            (&[" {main} up", " {main} down", " {pool} down"], &[]),
            (&[" 404: not found", " 500: error"], &[]),
            (&[" Server started", " Listening on: 80", " Ready"], &[]),
            (&[], &[]),
        ] {
            assert_eq!(learn(rests), expected, "{rests:?}");
        }
    }

    #[test]
    fn a_missing_column_leaves_the_text() {
        let mut cursor = Cursor::new(" no brackets");
        assert!(!read(Column::Bracket, &mut cursor, |_| panic!("nothing is there")));
        assert_eq!(cursor.rest(), " no brackets");
    }
}
