//! Apache httpd's error log (core documentation, ErrorLogFormat), 2.2 and 2.4.
//!
//! ```text
//! [Mon Jan 05 10:11:12 2026] [error] [client 10.0.0.7] File does not exist: /srv/x
//! [Mon Jan 05 10:11:12.123456 2026] [core:error] [pid 812:tid 7] [client 10.0.0.7:4711] AH00126: Invalid URI
//! ```
//!
//! In 2.2 the client is the beginning of the message, and stays there; since 2.4 it
//! is a column of its own.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_word;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Record};

pub const KIND: Kind = Kind {
    name: "httpd_error",
    about: "[Mon Jan 05 10:11:12.123456 2026] [core:error] [pid 812] [client 10.0.0.7:4711] message",
    recognise: |_| Some(Arc::new(HttpdError)),
};

struct HttpdError;

impl Format for HttpdError {
    fn name(&self) -> &str {
        KIND.name
    }

    #[inline]
    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let weekday = line.as_bytes().get(1).is_some_and(u8::is_ascii_uppercase);
        if !weekday || !line.starts_with('[') {
            return Err(Mismatch::Foreign);
        }
        let mut cursor = Cursor::new(line);
        record.ts = cursor.stamp(rules).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        let level = cursor.bracket().ok_or(Mismatch::Foreign)?;
        let (module, level) = match level.rsplit_once(':') {
            Some((module, level)) => (module, level),
            None => ("", level),
        };
        record.level = Some(level_of_word(level).ok_or(Mismatch::Foreign)?);
        if !matches!(module, "" | "-") {
            record.fields.str("module", module);
        }
        cursor.skip_spaces();
        let message = cursor.rest();
        while store_part(&mut cursor, &mut record.fields) {}
        record.message = Cow::Borrowed(if module.is_empty() { message } else { cursor.rest() });
        Ok(())
    }
}

/// `[pid 812:tid 7]`, `[client 10.0.0.7:4711]`, `[remote …]`; other brackets are the message's.
fn store_part(cursor: &mut Cursor<'_>, fields: &mut Fields) -> bool {
    let mut probe = *cursor;
    let Some(part) = probe.bracket() else {
        return false;
    };
    let Some((name, value)) = part.split_once(' ') else {
        return false;
    };
    match name {
        "pid" => match value.split_once(":tid ") {
            Some((pid, tid)) => {
                fields.typed("pid", pid);
                fields.typed("tid", tid);
            }
            None => fields.typed("pid", value),
        },
        "client" | "remote" => fields.str(name, value),
        _ => return false,
    }
    probe.skip_spaces();
    *cursor = probe;
    true
}
