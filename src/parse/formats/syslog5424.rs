//! Syslog as RFC 5424 has it.
//!
//! ```text
//! <165>1 2026-01-05T10:11:12.003Z web1 billing 812 PAID [order@32473 id="7"] Order paid
//! ```
//!
//! Structured data becomes one object a SD-ELEMENT in `fields`, under its SD-ID, so
//! that parameters of one name in two elements stay apart (RFC 5424, section 6.3).

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, heroku, syslog};
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Record};

pub const KIND: Kind = Kind {
    name: "syslog5424",
    about: "<165>1 2026-01-05T10:11:12.003Z host app 812 ID [data@1 k=\"v\"] message",
    recognise: |_| Some(Arc::new(Syslog5424)),
};

/// More structured data than any sender has; the rest of it would stay in the message.
const ELEMENTS_MAX: usize = 64;

struct Syslog5424;

impl Format for Syslog5424 {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let mut cursor = Cursor::new(line);
        let priority = syslog::priority(&mut cursor).ok_or(Mismatch::Foreign)?;
        if !cursor.eat_str("1 ") {
            return Err(Mismatch::Foreign);
        }
        let stamp = cursor.word().ok_or(Mismatch::Foreign)?;
        record.ts = match stamp {
            "-" => {
                rules.mark_undated(record);
                rules.absent.ok_or(Mismatch::Broken("no timestamp"))?
            }
            stamp => rules.whole(stamp).ok_or(Mismatch::Foreign)?,
        };
        record.level = priority.level;
        record.host = header_part(&mut cursor)?.map(Cow::Borrowed);
        record.service = header_part(&mut cursor)?.map(Cow::Borrowed);
        record.fields.str("facility", priority.facility);
        let process = header_part(&mut cursor)?;
        if let Some(process) = process {
            record.fields.typed("pid", process);
        }
        if let Some(id) = header_part(&mut cursor)? {
            record.fields.str("msgid", id);
        }
        if !cursor.eat(b'-') {
            structured_data(&mut cursor, &mut record.fields)?;
        }
        cursor.eat(b' ');
        skip_blank_of_rsyslog(&mut cursor);
        // The byte order mark that says "this is UTF-8" (section 6.4).
        cursor.eat_str("\u{feff}");
        syslog::take_message(cursor.rest(), record);
        if process == Some("router") && record.service.as_deref() == Some("heroku") {
            heroku::store_request(&mut cursor, record);
        }
        Ok(())
    }
}

/// rsyslog takes the blank after a tag for the beginning of the message, and puts another one before
/// it (its template `RSYSLOG_SyslogProtocol23Format`). More than one are an indentation.
fn skip_blank_of_rsyslog(cursor: &mut Cursor<'_>) {
    if let [b' ', next, ..] = cursor.rest().as_bytes()
        && !matches!(next, b' ' | b'\t')
    {
        cursor.eat(b' ');
    }
}

/// One word of the header; `-` is "none".
fn header_part<'a>(cursor: &mut Cursor<'a>) -> Result<Option<&'a str>, Mismatch> {
    match cursor.word().ok_or(Mismatch::Broken("header ends early"))? {
        "-" => Ok(None),
        word => Ok(Some(word)),
    }
}

/// `[id k="v" …][id …]`.
fn structured_data(cursor: &mut Cursor<'_>, fields: &mut Fields) -> Result<(), Mismatch> {
    const BROKEN: Mismatch = Mismatch::Broken("structured data does not end");
    for _ in 0..ELEMENTS_MAX {
        if !cursor.eat(b'[') {
            break;
        }
        let id_length = cursor.rest().bytes().take_while(|b| !matches!(b, b' ' | b']')).count();
        let id = &cursor.rest()[..id_length];
        cursor.advance(id_length);
        let mut element = Fields::default();
        while cursor.skip_spaces() {
            if cursor.peek() == Some(b']') {
                break;
            }
            let name = cursor.until("=\"").ok_or(BROKEN)?;
            let value = quoted(cursor).ok_or(BROKEN)?;
            element.typed(name, &value);
        }
        if !cursor.eat(b']') {
            return Err(BROKEN);
        }
        fields.raw(id, &format!("{{{}}}", element.as_str()));
    }
    Ok(())
}

/// A value after its opening quote; `\"`, `\\` and `\]` are escaped (section 6.3.3).
fn quoted<'a>(cursor: &mut Cursor<'a>) -> Option<Cow<'a, str>> {
    let text = cursor.rest();
    let mut unescaped = String::new();
    let mut from = 0;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => {
                cursor.advance(at + 1);
                if unescaped.is_empty() {
                    return Some(Cow::Borrowed(&text[from..at]));
                }
                unescaped.push_str(&text[from..at]);
                return Some(Cow::Owned(unescaped));
            }
            b'\\' => {
                let (_, next) = bytes.next()?;
                if matches!(next, b'"' | b'\\' | b']') {
                    unescaped.push_str(&text[from..at]);
                    from = at + 1;
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_unescaped() {
        for (text, expected) in [
            (r#"plain" x"#, Some("plain")),
            (r#"a \"b\" [c\]" x"#, Some(r#"a "b" [c]"#)),
            (r#"C:\tmp" x"#, Some(r"C:\tmp")),
            (r#"\"" x"#, Some("\"")),
            ("open", None),
            (r"open\", None),
        ] {
            assert_eq!(quoted(&mut Cursor::new(text)).as_deref(), expected, "{text}");
        }
    }
}
