//! JSON that is too long to be scanned level by level: objects and arrays are entered where
//! they stand, so that each byte is looked at once.

use super::scan::{Flaw, Scanner};
use super::value::Value;

/// A position in the text, which is in any number of objects and arrays.
pub struct Walk<'a> {
    scanner: Scanner<'a>,
    /// Nothing of the innermost object or array has been read yet.
    first: bool,
}

impl<'a> Walk<'a> {
    pub fn new(text: &'a str) -> Walk<'a> {
        Walk { scanner: Scanner::new(text), first: true }
    }

    /// Enters the object or array that begins here with `bracket`, if it is one. What it is in
    /// goes on after its end.
    pub fn enter(&mut self, bracket: u8) -> Result<bool, Flaw> {
        if self.scanner.token()? != bracket {
            return Ok(false);
        }
        self.scanner.at += 1;
        self.first = true;
        Ok(true)
    }

    /// The next key of the object that was entered; `None` at its end.
    pub fn key(&mut self) -> Result<Option<Value<'a>>, Flaw> {
        if self.next(b'}')? { self.scanner.key().map(Some) } else { Ok(None) }
    }

    /// Whether the array that was entered goes on with another element.
    pub fn element(&mut self) -> Result<bool, Flaw> {
        self.next(b']')
    }

    fn next(&mut self, end: u8) -> Result<bool, Flaw> {
        let first = std::mem::take(&mut self.first);
        match self.scanner.token()? {
            byte if byte == end => self.scanner.at += 1,
            b',' if !first => {
                self.scanner.at += 1;
                return Ok(true);
            }
            _ if first => return Ok(true),
            _ => return Err(Flaw::Malformed),
        }
        Ok(false)
    }

    /// The value here, all of it.
    pub fn value(&mut self) -> Result<Value<'a>, Flaw> {
        self.scanner.value()
    }

    /// What follows.
    pub fn rest(&self) -> &'a str {
        self.scanner.text.get(self.scanner.at..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks `{"a":[…]}` and collects the elements of all of its arrays.
    fn walked(text: &str) -> Result<Vec<String>, Flaw> {
        let mut walk = Walk::new(text);
        let mut found = Vec::new();
        if !walk.enter(b'{')? {
            return Err(Flaw::Malformed);
        }
        while let Some(key) = walk.key()? {
            if !walk.enter(b'[')? {
                found.push(format!("{}={}", key.text, walk.value()?.text));
                continue;
            }
            while walk.element()? {
                found.push(walk.value()?.text.to_owned());
            }
        }
        found.push(format!("rest={}", walk.rest()));
        Ok(found)
    }

    #[test]
    fn what_is_entered_is_left_at_its_end() {
        let text = r#"{"a":[1,{"b":2}],"c":[],"d":"x"} y"#;
        let found = walked(text).unwrap();
        assert_eq!(found, ["1", r#"{"b":2}"#, r#""d"="x""#, "rest= y"]);
        assert_eq!(walked("{}").unwrap(), ["rest="]);
        for text in
            ["", "[]", "{\"a\":[1 2]}", "{\"a\":[,1]}", "{\"a\":[1],,}", "{\"a\":[1", "{\"a\"}"]
        {
            assert!(walked(text).is_err(), "{text}");
        }
    }
}
