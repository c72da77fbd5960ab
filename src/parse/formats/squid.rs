//! Squid's access log, its native format (Squid wiki, "Access.log").
//!
//! ```text
//! 1767607872.123    812 10.0.0.7 TCP_MISS/200 5120 GET http://shop.example.org/cart - HIER_DIRECT/192.0.2.80 text/html
//! ```
//!
//! The level is the status's. The time may be spelled in any way. Squid's cache.log is read too
//! (`2026/01/05 10:11:12 kid1| WARNING: …`).

use std::borrow::Cow;
use std::sync::Arc;

use super::values::store_value;
use super::{Kind, http};
use crate::parse::level::level_of_message;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "squid",
    about: "1767607872.123    812 10.0.0.7 TCP_MISS/200 5120 GET http://shop/ - HIER_DIRECT/192.0.2.80 text/html",
    recognise: |_| Some(Arc::new(Squid)),
};

struct Squid;

impl Format for Squid {
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
        if line.as_bytes().get(4) == Some(&b'/') {
            return read_own(&mut cursor, rules, record).ok_or(Mismatch::Foreign);
        }
        read(&mut cursor, rules, record).ok_or(Mismatch::Foreign)
    }

    fn takes_continuations(&self) -> bool {
        false
    }
}

/// `2026/01/05 10:11:12 kid1| WARNING: message`, of Squid's cache.log.
fn read_own<'a>(cursor: &mut Cursor<'a>, rules: &TimeRules, record: &mut Record<'a>) -> Option<()> {
    record.ts = cursor.stamp(rules)?;
    cursor.skip_spaces();
    let process = cursor.until_within("| ", 16).map(|kid| kid.trim());
    let process = process.filter(|kid| kid.is_empty() || kid.starts_with("kid"))?;
    store_value("process", process, &mut record.fields);
    record.level = level_of_message(cursor.rest());
    record.message = Cow::Borrowed(cursor.rest());
    Some(())
}

fn read(cursor: &mut Cursor<'_>, rules: &TimeRules, record: &mut Record<'_>) -> Option<()> {
    record.ts = cursor.stamp(rules)?;
    cursor.skip_spaces();
    let duration = cursor.number_word()?;
    cursor.skip_spaces();
    let client = cursor.word()?;
    let (result, status) = cursor.word()?.split_once('/')?;
    let is_result = result.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    if !is_result || status.len() != 3 {
        return None;
    }
    let bytes = cursor.number_word()?;
    cursor.skip_spaces();
    let method = cursor.word()?;
    // From the end: addresses may hold blanks.
    let mut words = cursor.rest().trim_end().rsplitn(4, ' ');
    let (kind, peer, user, url) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let (hierarchy, peer) = peer.split_once('/')?;
    let fields = &mut record.fields;
    fields.str("client", client);
    fields.int("duration_ms", duration);
    fields.int("bytes", bytes);
    fields.str("result", result);
    for (name, value) in
        [("user", user), ("hierarchy", hierarchy), ("peer", peer), ("content_type", kind)]
    {
        store_value(name, value, fields);
    }
    http::store_answered(&format!("{method} {}", url.trim()), status, record);
    Some(())
}
