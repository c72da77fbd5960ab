//! Squid's access log, its native format (Squid wiki, "Access.log").
//!
//! ```text
//! 1767607872.123    812 10.0.0.7 TCP_MISS/200 5120 GET http://shop.example.org/cart - HIER_DIRECT/192.0.2.80 text/html
//! ```
//!
//! The level is the status's. The time may be spelled in any way.

use std::sync::Arc;

use super::values::store_value;
use super::{Kind, http};
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
        read(&mut Cursor::new(line), rules, record).ok_or(Mismatch::Foreign)
    }

    fn takes_continuations(&self) -> bool {
        false
    }
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
