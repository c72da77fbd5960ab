//! Values between blanks, some of them in quotes, whose names are known by their place: the
//! request logs of clouds and proxies.

use crate::parse::scan::Cursor;
use crate::record::Fields;

/// The next value and the blanks after it; `None` at the end. Quotes are removed, escapes in
/// them are left as they are. A quote that is never closed encloses what there is.
pub fn next<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let value = if cursor.eat(b'"') {
        quoted_rest(cursor).unwrap_or_else(|| {
            let rest = cursor.rest();
            cursor.advance(rest.len());
            rest
        })
    } else {
        cursor.token()?
    };
    cursor.skip_spaces();
    Some(value)
}

/// Puts the next values under these names. `-` is no value, and what has an empty name is
/// dropped. Values without a name are left to the caller.
pub fn store(names: &[&str], cursor: &mut Cursor<'_>, fields: &mut Fields) {
    for name in names {
        let Some(value) = next(cursor) else { return };
        if !name.is_empty() {
            store_value(name, value, fields);
        }
    }
}

/// Puts a value under a name unless it is none.
pub fn store_value(name: &str, value: &str, fields: &mut Fields) {
    if !matches!(value, "-" | "") {
        fields.typed(name, value);
    }
}

/// Puts `10.0.0.7:4711` under two names; an address of version 6 has colons itself.
pub fn store_address(names: [&str; 2], value: &str, fields: &mut Fields) {
    match value.rsplit_once(':') {
        Some((address, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            fields.str(names[0], address.trim_matches(['[', ']']));
            fields.typed(names[1], port);
        }
        _ => store_value(names[0], value, fields),
    }
}

/// The text up to the closing quote, with `\"` left as it is.
pub fn quoted_rest<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let text = cursor.rest();
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(b'"', b'\\', text.as_bytes().get(from..)?)?;
        if text.as_bytes()[at] == b'"' {
            cursor.advance(at + 1);
            return Some(&text[..at]);
        }
        // An escape is two bytes; of a longer character the rest is skipped by the search.
        from = at + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_words_or_in_quotes() {
        let mut cursor = Cursor::new(r#"a "b \"c\" é" - "" "open"#);
        let values: Vec<&str> = std::iter::from_fn(|| next(&mut cursor)).collect();
        assert_eq!(values, ["a", r#"b \"c\" é"#, "-", "", "open"]);
        assert_eq!(quoted_rest(&mut Cursor::new("x\\")), None);
    }

    #[test]
    fn addresses_have_ports() {
        let mut fields = Fields::default();
        store_address(["a", "p"], "10.0.0.7:80", &mut fields);
        store_address(["b", "q"], "[2001:db8::1]:80", &mut fields);
        store_address(["c", "r"], "-", &mut fields);
        store_address(["d", "s"], "unix:/run/x", &mut fields);
        let expected = r#""a":"10.0.0.7","p":80,"b":"2001:db8::1","q":80,"d":"unix:/run/x""#;
        assert_eq!(fields.as_str(), expected);
    }
}
