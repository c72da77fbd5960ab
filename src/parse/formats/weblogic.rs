//! The logs of Oracle WebLogic Server: the server's and the domain's, and its standard output
//! (Oracle, "Configuring Log Files and Filtering Log Messages").
//!
//! ```text
//! ####<Jan 5, 2026 10:11:12 AM CET> <Warning> <Socket> <web1> <AdminServer> <thread> <user> <> <> <1767604272123> <BEA-000450> <message>
//! <Jan 5, 2026 10:11:14 AM CET> <Notice> <WebLogicServer> <BEA-000365> <message>
//! ```
//!
//! The server is the service, the machine the host. A message goes on up to the next head. The time
//! is the tenth value, milliseconds since 1970, where there is one: the first is in the words of
//! the server's language.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_word;
use crate::parse::scan::Cursor;
use crate::parse::time::epoch;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Micros, Record};

pub const KIND: Kind = Kind {
    name: "weblogic",
    about: "####<Jan 5, 2026 10:11:12 AM CET> <Warning> <Socket> <host> <server> … (WebLogic)",
    recognise: |_| Some(Arc::new(WebLogic)),
};

/// Longest value before the message: threads and transactions have long names.
const VALUE_BYTES_MAX: usize = 1024;

struct WebLogic;

/// `####<stamp> <severity> <subsystem> `: the stamp and the severity; whether it is the long form.
struct Head<'a> {
    is_long: bool,
    stamp: &'a str,
    severity: &'a str,
    cursor: Cursor<'a>,
}

impl<'a> Head<'a> {
    fn read(line: &'a str) -> Option<Head<'a>> {
        let mut cursor = Cursor::new(line);
        let is_long = cursor.eat_str("####");
        if cursor.peek() != Some(b'<') {
            return None;
        }
        let stamp = value(&mut cursor)?;
        let severity = value(&mut cursor)?;
        level_of_word(severity)?;
        let has_digits = stamp.bytes().any(|b| b.is_ascii_digit());
        (has_digits && cursor.peek() == Some(b'<')).then_some(Head {
            is_long,
            stamp,
            severity,
            cursor,
        })
    }
}

/// `<value> `; values may be in angle brackets themselves: `<<WLS Kernel>>`.
fn value<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let value = cursor.enclosed_within(b'<', b'>', VALUE_BYTES_MAX)?;
    cursor.skip_spaces();
    Some(value)
}

impl Format for WebLogic {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        _rules: &TimeRules,
        _record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        Err(if Head::read(line).is_some() { Mismatch::Head } else { Mismatch::Foreign })
    }

    fn continues(&self, _block: &str, line: &str, _rules: &TimeRules) -> bool {
        Head::read(line).is_none()
    }

    fn parse_block<'a>(
        &self,
        block: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let head = Head::read(block).ok_or(Mismatch::Foreign)?;
        let mut cursor = head.cursor;
        let mut raw = None;
        read_values(&mut cursor, head.is_long, &mut raw, record)
            .ok_or(Mismatch::Broken("values are missing"))?;
        let ts = raw.or_else(|| Some(rules.read(head.stamp)?.0));
        record.ts = ts.ok_or(Mismatch::Broken("no time in the line"))?;
        record.level = level_of_word(head.severity);
        let text = cursor.rest();
        let text = text.strip_prefix('<').unwrap_or(text).trim_end();
        record.message = Cow::Borrowed(text.strip_suffix('>').unwrap_or(text).trim_end());
        Ok(())
    }

    fn joins_lines(&self) -> bool {
        true
    }

    fn starts(&self, line: &str, _rules: &TimeRules) -> bool {
        Head::read(line).is_some()
    }
}

/// What stands between the severity and the message.
fn read_values<'a>(
    cursor: &mut Cursor<'a>,
    is_long: bool,
    raw: &mut Option<Micros>,
    record: &mut Record<'a>,
) -> Option<()> {
    let store = |name: &str, text: &str, record: &mut Record<'a>| {
        if !text.is_empty() {
            record.fields.str(name, text);
        }
    };
    store("subsystem", value(cursor)?, record);
    if is_long {
        let (machine, server) = (value(cursor)?, value(cursor)?);
        record.host = (!machine.is_empty()).then_some(Cow::Borrowed(machine));
        record.service = (!server.is_empty()).then_some(Cow::Borrowed(server));
        for name in ["thread", "user", "transaction", "context"] {
            store(name, value(cursor)?, record);
        }
        *raw = epoch(value(cursor)?);
        // `<[severity-value: 16] [rid: 0] >`, since version 12.2.
        if cursor.rest().starts_with("<[") {
            store("attributes", value(cursor)?.trim_end(), record);
        }
    }
    store("message_id", value(cursor)?, record);
    Some(())
}
