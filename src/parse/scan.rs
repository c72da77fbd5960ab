//! A cursor over one line: what formats read it with.

use crate::parse::level::level_of_word;
use crate::parse::time::TimeRules;
use crate::record::{Level, Micros};

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
        if self.peek() != Some(open) {
            return None;
        }
        let mut depth = 0usize;
        for (at, byte) in self.rest.bytes().enumerate() {
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
        let letters = probe.rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
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
