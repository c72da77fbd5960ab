//! A cursor over one line: what formats read it with.

use crate::parse::level::level_of_word;
use crate::parse::time::TimeRules;
use crate::record::{Level, Micros};

/// Longest text in brackets that the head of a line has (a thread's name, a request's
/// id), so that an unclosed bracket in a line of a megabyte costs nothing.
const BRACKET_BYTES_MAX: usize = 256;

/// A position in a line. Methods that find what they look for move past it;
/// methods that do not leave the position alone and return `None` or `false`.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    #[inline]
    pub fn new(line: &'a str) -> Cursor<'a> {
        Cursor { rest: line }
    }

    /// Everything not read yet.
    #[inline]
    pub fn rest(&self) -> &'a str {
        self.rest
    }

    #[inline]
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    /// Moves on by `bytes`, which must lie on a character boundary.
    #[inline]
    pub fn advance(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    /// Skips blanks and tabs; says whether there were any.
    #[inline]
    pub fn skip_spaces(&mut self) -> bool {
        let bytes = self.rest.as_bytes();
        let spaces = bytes.iter().take_while(|&&b| b == b' ' || b == b'\t').count();
        self.rest = &self.rest[spaces..];
        spaces > 0
    }

    #[inline]
    pub fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte) && byte.is_ascii();
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    #[inline]
    pub fn eat_str(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// The text up to the next blank, tab or end; `None` if there is none.
    #[inline]
    pub fn token(&mut self) -> Option<&'a str> {
        let bytes = self.rest.as_bytes();
        let length = memchr::memchr2(b' ', b'\t', bytes).unwrap_or(bytes.len());
        if length == 0 {
            return None;
        }
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(token)
    }

    /// The next token, followed by one blank or more, all read.
    #[inline]
    pub fn word(&mut self) -> Option<&'a str> {
        let token = self.token()?;
        self.skip_spaces();
        Some(token)
    }

    /// The text before the next `delimiter`, which is read too.
    #[inline]
    pub fn until(&mut self, delimiter: &str) -> Option<&'a str> {
        let at = memchr::memmem::find(self.rest.as_bytes(), delimiter.as_bytes())?;
        let found = &self.rest[..at];
        self.rest = &self.rest[at + delimiter.len()..];
        Some(found)
    }

    /// The text between `open`, where the cursor must stand, and its matching `close`.
    #[inline]
    pub fn enclosed(&mut self, open: u8, close: u8) -> Option<&'a str> {
        self.enclosed_within(open, close, self.rest.len())
    }

    /// As [`Cursor::enclosed`], if all of it takes at most `bytes_max` bytes.
    #[inline]
    pub fn enclosed_within(&mut self, open: u8, close: u8, bytes_max: usize) -> Option<&'a str> {
        if self.peek() != Some(open) {
            return None;
        }
        let mut depth = 0usize;
        for (at, byte) in self.rest.bytes().enumerate().take(bytes_max) {
            if byte == close {
                depth -= 1;
                if depth == 0 {
                    let inside = &self.rest[1..at];
                    self.rest = &self.rest[at + 1..];
                    return Some(inside);
                }
            } else if byte == open {
                depth += 1;
            }
        }
        None
    }

    /// The text before the next `delimiter`, if that comes within `bytes_max` bytes.
    #[inline]
    pub fn until_within(&mut self, delimiter: &str, bytes_max: usize) -> Option<&'a str> {
        let bytes = self.rest.as_bytes();
        let window = &bytes[..bytes.len().min(bytes_max + delimiter.len())];
        let at = memchr::memmem::find(window, delimiter.as_bytes())?;
        let found = &self.rest[..at];
        self.rest = &self.rest[at + delimiter.len()..];
        Some(found)
    }

    /// The text between `[`, where the cursor must stand, and its matching `]`, as the
    /// heads of lines have it: not longer than 256 bytes.
    #[inline]
    pub fn bracket(&mut self) -> Option<&'a str> {
        self.enclosed_within(b'[', b']', BRACKET_BYTES_MAX)
    }

    /// A whole number in digits that ends at a blank, a tab or the end.
    #[inline]
    pub fn number_word(&mut self) -> Option<i64> {
        let mut probe = *self;
        let number = probe.number()?;
        if !matches!(probe.peek(), None | Some(b' ' | b'\t')) {
            return None;
        }
        let number = i64::try_from(number).ok()?;
        *self = probe;
        Some(number)
    }

    /// Decimal digits as a number.
    #[inline]
    pub fn number(&mut self) -> Option<u64> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = self.rest[..digits].parse().ok()?;
        self.rest = &self.rest[digits..];
        Some(number)
    }

    /// A timestamp, perhaps in square brackets.
    #[inline]
    pub fn stamp(&mut self, rules: &TimeRules) -> Option<Micros> {
        let mut probe = *self;
        let bracketed = probe.eat(b'[');
        let (micros, length) = rules.read(probe.rest)?;
        probe.advance(length);
        if bracketed && !probe.eat(b']') {
            return None;
        }
        *self = probe;
        Some(micros)
    }

    /// A level that is no word of a sentence: in capitals, in brackets, or before a
    /// colon or a bar. `Error while reading` is not one.
    #[inline]
    pub fn clear_level(&mut self) -> Option<Level> {
        let mut probe = *self;
        let level = probe.level()?;
        let word = &self.rest.as_bytes()[..self.rest.len() - probe.rest.len()];
        let clear = !word[0].is_ascii_alphabetic()
            || word.iter().all(|b| !b.is_ascii_lowercase())
            || matches!(probe.peek(), Some(b':' | b'|' | b']'));
        if !clear {
            return None;
        }
        *self = probe;
        Some(level)
    }

    /// A level word as logs spell it: `ERROR`, `[error]`, `<Warning>`, `INFO:`, `(W)` not.
    /// What follows it must not go on as a word.
    #[inline]
    pub fn level(&mut self) -> Option<Level> {
        let mut probe = *self;
        let close = match probe.peek()? {
            b'[' => Some(b']'),
            b'<' => Some(b'>'),
            b'(' => Some(b')'),
            _ => None,
        };
        if close.is_some() {
            probe.advance(1);
            probe.skip_spaces();
        }
        let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80;
        let letters = probe.rest.bytes().take_while(is_letter).count();
        let level = level_of_word(&probe.rest[..letters])?;
        probe.advance(letters);
        match close {
            Some(close) => {
                probe.skip_spaces();
                if !probe.eat(close) {
                    return None;
                }
            }
            None if probe.peek().is_some_and(|b| {
                !matches!(b, b' ' | b'\t' | b':' | b',' | b'|' | b']' | b'[' | b'-')
            }) =>
            {
                return None;
            }
            None => {}
        }
        *self = probe;
        Some(level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enclosed_text_nests() {
        let mut cursor = Cursor::new("[QuorumPeer[myid=1]/0] - x");
        assert_eq!(cursor.enclosed(b'[', b']'), Some("QuorumPeer[myid=1]/0"));
        assert_eq!(cursor.rest(), " - x");
        assert_eq!(Cursor::new("[open").enclosed(b'[', b']'), None);
    }

    #[test]
    fn heads_are_searched_only_so_far() {
        assert_eq!(Cursor::new("[a[b]c] x").bracket(), Some("a[b]c"));
        assert_eq!(Cursor::new(&format!("[{}]", "x".repeat(300))).bracket(), None);
        assert_eq!(Cursor::new("ab - c").until_within(" - ", 2), Some("ab"));
        assert_eq!(Cursor::new("abc - c").until_within(" - ", 2), None);
        assert_eq!(Cursor::new("12 x").number_word(), Some(12));
        assert_eq!(Cursor::new("12ms").number_word(), None);
    }

    #[test]
    fn words_of_a_sentence_are_no_clear_level() {
        for text in ["ERROR x", "[error] x", "error: x", "Info| x", "<warn> x"] {
            assert!(Cursor::new(text).clear_level().is_some(), "{text}");
        }
        for text in ["Error while reading", "log rotated", "Success"] {
            assert_eq!(Cursor::new(text).clear_level(), None, "{text}");
        }
    }

    #[test]
    fn levels_end_at_a_word_boundary() {
        for (text, rest) in
            [("ERROR: x", ": x"), ("[ warn ] x", " x"), ("<Error> x", " x"), ("info", "")]
        {
            let mut cursor = Cursor::new(text);
            assert!(cursor.level().is_some(), "{text}");
            assert_eq!(cursor.rest(), rest);
        }
        for text in ["INFOrmal", "[error", "errors in", "log.txt"] {
            assert_eq!(Cursor::new(text).level(), None, "{text}");
        }
    }
}
