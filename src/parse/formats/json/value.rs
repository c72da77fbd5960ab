//! JSON objects member by member, without building a tree.

use std::borrow::Cow;

use super::scan::{Flaw, Scanner};
use super::text;
use crate::record::Fields;

/// One JSON value as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    pub text: &'a str,
    /// A string in it has backslashes or control characters.
    pub escaped: bool,
    /// Needs repair before others may read it.
    pub odd: bool,
}

impl<'a> Value<'a> {
    /// The decoded text of a string, without terminal escapes; `None` for other values.
    #[inline]
    pub fn string(&self) -> Option<Cow<'a, str>> {
        let inner = self.raw_string()?;
        Some(if self.escaped { text::decode(inner) } else { Cow::Borrowed(inner) })
    }

    /// The decoded text of a string as it was sent, but for NUL, which no text can hold.
    #[inline]
    pub fn verbatim(&self) -> Option<Cow<'a, str>> {
        let inner = self.raw_string()?;
        Some(if self.escaped { text::decode_verbatim(inner) } else { Cow::Borrowed(inner) })
    }

    /// What stands between the quotes of a string.
    #[inline]
    pub fn raw_string(&self) -> Option<&'a str> {
        self.text.strip_prefix('"')?.strip_suffix('"')
    }

    #[inline]
    pub fn is_object(&self) -> bool {
        self.text.starts_with('{')
    }

    /// A number, `true` or `false`, as its text.
    #[inline]
    pub fn scalar(&self) -> Option<&'a str> {
        match self.text.as_bytes().first()? {
            b'0'..=b'9' | b'-' | b't' | b'f' => Some(self.text),
            _ => None,
        }
    }

    /// The members of an object; none of other values.
    pub fn members(&self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> + use<'a> {
        let mut object = Object::open(self.text).ok();
        std::iter::from_fn(move || object.as_mut()?.next().ok().flatten())
    }

    /// The member with this key, which must have no escapes.
    pub fn member(&self, key: &str) -> Option<Value<'a>> {
        self.members().find(|(name, _)| name.raw_string() == Some(key)).map(|(_, value)| value)
    }

    /// The elements of an array; none of other values.
    pub fn elements(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let mut scanner = Scanner::new(self.text);
        let mut first = true;
        let is_array = scanner.eat(b'[');
        std::iter::from_fn(move || {
            let comma = !first;
            first = false;
            if !is_array || scanner.token().ok()? == b']' || (comma && !scanner.eat(b',')) {
                return None;
            }
            scanner.value().ok()
        })
    }
}

/// Keeps a member as a field.
#[inline]
pub fn keep(fields: &mut Fields, key: Value<'_>, value: Value<'_>) {
    if key.odd || value.odd {
        fields.raw_pair(&text::repaired(key.text), &text::repaired(value.text));
    } else {
        fields.raw_pair(key.text, value.text);
    }
}

/// The members of an object, read and checked one after the other.
pub struct Object<'a> {
    scanner: Scanner<'a>,
    first: bool,
}

impl<'a> Object<'a> {
    /// At the opening brace of an object, after any blanks.
    #[inline]
    pub fn open(text: &'a str) -> Result<Object<'a>, Flaw> {
        let mut scanner = Scanner::new(text);
        match scanner.token()? {
            b'{' => scanner.at += 1,
            _ => return Err(Flaw::Malformed),
        }
        Ok(Object { scanner, first: true })
    }

    /// The next key (a string, with its quotes) and value; `None` after the last.
    #[inline]
    #[allow(clippy::should_implement_trait, reason = "a flaw ends it, unlike an iterator")]
    pub fn next(&mut self) -> Result<Option<(Value<'a>, Value<'a>)>, Flaw> {
        let scanner = &mut self.scanner;
        match scanner.token()? {
            b'}' => {
                scanner.at += 1;
                return Ok(None);
            }
            b',' if !self.first => scanner.at += 1,
            _ if self.first => {}
            _ => return Err(Flaw::Malformed),
        }
        self.first = false;
        let key = scanner.key()?;
        Ok(Some((key, scanner.value()?)))
    }

    /// What follows the closing brace.
    pub fn rest(&self) -> &'a str {
        self.scanner.text.get(self.scanner.at..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_place() {
        let object = Value { text: r#"{"a":[1,"x",[]],"b":{"c":2}}"#, escaped: false, odd: false };
        let texts: Vec<&str> =
            object.member("a").unwrap().elements().map(|value| value.text).collect();
        assert_eq!(texts, ["1", "\"x\"", "[]"]);
        assert_eq!(object.member("b").unwrap().member("c").unwrap().scalar(), Some("2"));
        assert!(object.member("c").is_none() && object.elements().next().is_none());
    }
}
