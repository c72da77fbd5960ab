//! The grammar of JSON: where keys and values begin and end.
//!
//! It is RFC 8259 with three things that loggers really write: `NaN` and
//! `Infinity` (Python), and control characters in strings other than line feeds. They,
//! lone surrogates, numbers beyond a double and line breaks between values are marked
//! [`Value::odd`], so that [`super::text::repaired`] can make of them one line that every
//! JSON reader accepts.
//!
//! Nothing here recurses: nesting is a bit per level, at most [`DEPTH_MAX`].

use super::text;
use super::value::Value;

/// Deepest nesting that is read. serde_json stops at 128; nobody logs 100 on purpose.
const DEPTH_MAX: u32 = 100;

/// Numbers up to this length without an exponent are surely finite.
const FINITE_DIGITS_MAX: usize = 300;

/// Why text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It stops before its end.
    End,
    Malformed,
    /// Nested deeper than [`DEPTH_MAX`].
    Deep,
}

/// A position in the text.
pub struct Scanner<'a> {
    pub text: &'a str,
    pub at: usize,
    escaped: bool,
    odd: bool,
}

impl<'a> Scanner<'a> {
    #[inline]
    pub fn new(text: &'a str) -> Scanner<'a> {
        Scanner { text, at: 0, escaped: false, odd: false }
    }

    #[inline]
    fn peek(&self) -> Result<u8, Flaw> {
        self.text.as_bytes().get(self.at).copied().ok_or(Flaw::End)
    }

    /// The next byte that is not blank; the scanner stands there.
    #[inline]
    pub fn token(&mut self) -> Result<u8, Flaw> {
        loop {
            match self.peek()? {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' => {
                    // A field is one line, whatever its object was printed as.
                    self.odd = true;
                    self.at += 1;
                }
                byte => return Ok(byte),
            }
        }
    }

    #[inline]
    pub fn eat(&mut self, byte: u8) -> bool {
        let found = self.token() == Ok(byte);
        self.at += usize::from(found);
        found
    }

    #[inline]
    fn since(&self, start: usize) -> Value<'a> {
        // Both ends stand at ASCII bytes, so the text is always there.
        let text = self.text.get(start..self.at).unwrap_or_default();
        Value { text, escaped: self.escaped, odd: self.odd }
    }

    /// A key and its colon.
    #[inline]
    pub fn key(&mut self) -> Result<Value<'a>, Flaw> {
        if self.token()? != b'"' {
            return Err(Flaw::Malformed);
        }
        (self.escaped, self.odd) = (false, false);
        let start = self.at;
        self.string()?;
        let key = self.since(start);
        match self.token()? {
            b':' => self.at += 1,
            _ => return Err(Flaw::Malformed),
        }
        Ok(key)
    }

    #[inline]
    pub fn value(&mut self) -> Result<Value<'a>, Flaw> {
        let first = self.token()?;
        (self.escaped, self.odd) = (false, false);
        let start = self.at;
        match first {
            b'{' | b'[' => self.nested()?,
            _ => self.plain(first)?,
        }
        Ok(self.since(start))
    }

    /// A value without members, which begins with `first`.
    #[inline]
    fn plain(&mut self, first: u8) -> Result<(), Flaw> {
        match first {
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'N' => {
                self.odd = true;
                self.word("NaN")
            }
            b'I' => {
                self.odd = true;
                self.word("Infinity")
            }
            _ => Err(Flaw::Malformed),
        }
    }

    /// An object or array with all that is in it.
    fn nested(&mut self) -> Result<(), Flaw> {
        let mut nest = Nest::default();
        loop {
            let first = self.token()?;
            let close = match first {
                b'{' => b'}',
                b'[' => b']',
                _ => 0,
            };
            if close == 0 {
                self.plain(first)?;
            } else {
                self.at += 1;
                nest.push(first == b'{')?;
                if self.token()? != close {
                    self.nested_key(&nest)?;
                    continue;
                }
            }
            // After a value: everything that closes here, then the comma.
            loop {
                match self.token()? {
                    b'}' if nest.in_object() => nest.pop(),
                    b']' if !nest.in_object() => nest.pop(),
                    b',' => {
                        self.at += 1;
                        self.nested_key(&nest)?;
                        break;
                    }
                    _ => return Err(Flaw::Malformed),
                }
                self.at += 1;
                if nest.is_empty() {
                    return Ok(());
                }
            }
        }
    }

    #[inline]
    fn nested_key(&mut self, nest: &Nest) -> Result<(), Flaw> {
        if !nest.in_object() {
            return Ok(());
        }
        if self.token()? != b'"' {
            return Err(Flaw::Malformed);
        }
        self.string()?;
        match self.token()? {
            b':' => {
                self.at += 1;
                Ok(())
            }
            _ => Err(Flaw::Malformed),
        }
    }

    /// A string from its opening quote past its closing one.
    #[inline]
    fn string(&mut self) -> Result<(), Flaw> {
        self.at += 1;
        loop {
            self.at = text::end_of_plain(self.text.as_bytes(), self.at);
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => {
                    self.escaped = true;
                    self.escape()?;
                }
                // A string never goes on in the next line: the line was cut off.
                b'\n' => return Err(Flaw::Malformed),
                _ => {
                    (self.escaped, self.odd) = (true, true);
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self) -> Result<(), Flaw> {
        self.at += 1;
        match self.peek()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                self.at += 1;
                return Ok(());
            }
            b'u' => self.at += 1,
            _ => return Err(Flaw::Malformed),
        }
        for digit in 0..4 {
            let byte = self.peek()?;
            if !byte.is_ascii_hexdigit() {
                return Err(Flaw::Malformed);
            }
            // Surrogates begin with D8 to DF; whether they pair is for the repair to see.
            if digit == 0 && matches!(byte, b'd' | b'D') {
                self.odd = true;
            }
            self.at += 1;
        }
        Ok(())
    }

    #[inline]
    fn number(&mut self) -> Result<(), Flaw> {
        let start = self.at;
        if self.peek()? == b'-' {
            self.at += 1;
            if self.peek()? == b'I' {
                self.odd = true;
                return self.word("Infinity");
            }
        }
        match self.peek()? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Ok(b'.') {
            self.at += 1;
            self.digits()?;
        }
        let exponent = matches!(self.peek(), Ok(b'e' | b'E'));
        if exponent {
            self.at += 1;
            if matches!(self.peek()?, b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        if (exponent || self.at - start > FINITE_DIGITS_MAX)
            && !self.since(start).text.parse().is_ok_and(f64::is_finite)
        {
            self.odd = true;
        }
        Ok(())
    }

    /// One digit or more.
    #[inline]
    fn digits(&mut self) -> Result<(), Flaw> {
        if !self.peek()?.is_ascii_digit() {
            return Err(Flaw::Malformed);
        }
        while self.peek().is_ok_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Flaw> {
        for byte in word.bytes() {
            if self.peek()? != byte {
                return Err(Flaw::Malformed);
            }
            self.at += 1;
        }
        Ok(())
    }
}

/// The objects and arrays that are open, the innermost in the lowest bit.
#[derive(Default)]
struct Nest {
    objects: u128,
    depth: u32,
}

impl Nest {
    fn push(&mut self, object: bool) -> Result<(), Flaw> {
        if self.depth >= DEPTH_MAX {
            return Err(Flaw::Deep);
        }
        self.objects = self.objects << 1 | u128::from(object);
        self.depth += 1;
        Ok(())
    }

    fn pop(&mut self) {
        self.objects >>= 1;
        self.depth -= 1;
    }

    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }

    fn is_empty(&self) -> bool {
        self.depth == 0
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::Object;
    use super::*;

    fn scan(text: &str) -> Result<(), Flaw> {
        let mut object = Object::open(text)?;
        while object.next()?.is_some() {}
        if object.rest().trim_ascii().is_empty() { Ok(()) } else { Err(Flaw::Malformed) }
    }

    /// Every text that one or two changed bytes make of these is JSON for this scanner
    /// exactly if it is for serde_json; the beginning of an object is unfinished.
    #[test]
    fn agrees_with_serde_json() {
        const SAMPLES: [&str; 3] = [
            r#"{"a":[1,-0.5e+3,{"b":null}],"c\n":"\u00e9é\\","d":{},"e":[ ]}"#,
            r#"{"t":true,"f":false,"n":[[],[{}]],"long enough for words":"eight \" bytes"}"#,
            r#" { "x" : 10.25E-2 , "y" : [ "z" , 0 ] }"#,
        ];
        const BYTES: &[u8] = br#"{}[],:"\019-+.eEtfnu a"#;
        let mut cases = 0;
        let mut check = |bytes: &[u8]| {
            let Ok(text) = std::str::from_utf8(bytes) else { return };
            let is_object = text.trim_ascii_start().starts_with('{')
                && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
            assert_eq!(scan(text).is_ok(), is_object, "{text}");
            cases += 1;
        };
        for sample in SAMPLES {
            for at in (0..sample.len()).filter(|&at| sample.is_char_boundary(at)) {
                assert_eq!(scan(&sample[..at]), Err(Flaw::End), "{}", &sample[..at]);
                for &byte in BYTES {
                    let mut changed = sample.as_bytes().to_vec();
                    changed[at] = byte;
                    check(&changed);
                    changed.insert(at, byte);
                    check(&changed);
                    changed.remove((at * 7 + usize::from(byte)) % sample.len());
                    check(&changed);
                }
            }
        }
        assert!(cases > 10_000, "{cases}");
    }
}
