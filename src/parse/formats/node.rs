//! What bunyan's command and pino-pretty make of their programs' JSON, for people to read.
//!
//! ```text
//! [2026-01-05T10:11:12.123Z]  INFO: shop/812 on web1: listening (port=80)
//! [2026-01-05T10:11:13.123Z]  WARN: shop/cart/812 on web1 (lib/cart.js:7 in f): slow
//! [10:11:12.123] ERROR (shop/812 on web1): cannot write
//!     err: {
//! ```
//!
//! The name is the service; lines that follow indented belong to the record.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_word;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "node",
    about: "[2026-01-05T10:11:12.123Z]  INFO: shop/812 on web1: message (bunyan, pino-pretty)",
    recognise: |_| Some(Arc::new(Node)),
};

const HEAD_BYTES_MAX: usize = 256;

struct Node;

impl Format for Node {
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
        if cursor.peek() != Some(b'[') {
            return Err(Mismatch::Foreign);
        }
        record.ts = cursor.stamp(rules).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        let level = cursor.rest().bytes().take_while(u8::is_ascii_uppercase).count();
        record.level = Some(level_of_word(&cursor.rest()[..level]).ok_or(Mismatch::Foreign)?);
        cursor.advance(level);
        let read = if cursor.eat_str(": ") {
            read_bunyan(&mut cursor, record)
        } else {
            read_pino(&mut cursor, record)
        };
        read.ok_or(Mismatch::Foreign)?;
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// `shop/cart/812 on web1 (lib/cart.js:7 in f): `.
fn read_bunyan<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    let head = cursor.until_within(": ", HEAD_BYTES_MAX)?;
    let (head, place) = match head.split_once(" (") {
        Some((head, place)) => (head, place.strip_suffix(')')?),
        None => (head, ""),
    };
    let (name, host) = head.split_once(" on ")?;
    let (name, pid) = name.rsplit_once('/')?;
    store(name, pid, record)?;
    record.host = Some(Cow::Borrowed(host));
    if !place.is_empty() {
        record.fields.str("source", place);
    }
    Some(())
}

/// ` (shop/812 on web1): `, of which name and host may be missing.
fn read_pino<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    cursor.eat_str(" (").then_some(())?;
    let head = cursor.until_within("):", HEAD_BYTES_MAX)?;
    cursor.eat(b' ');
    let (head, host) = match head.split_once(" on ") {
        Some((head, host)) => (head, Some(host)),
        None => (head, None),
    };
    let (name, pid) = head.rsplit_once('/').unwrap_or(("", head));
    store(name, pid, record)?;
    record.host = host.map(Cow::Borrowed);
    Some(())
}

/// The name of the program, bunyan's component after it, and the process.
fn store<'a>(name: &'a str, pid: &str, record: &mut Record<'a>) -> Option<()> {
    if !pid.bytes().all(|b| b.is_ascii_digit()) || pid.is_empty() {
        return None;
    }
    let (service, component) = name.split_once('/').unwrap_or((name, ""));
    if !service.is_empty() {
        record.service = Some(Cow::Borrowed(service));
    }
    if !component.is_empty() {
        record.fields.str("component", component);
    }
    record.fields.typed("pid", pid);
    Some(())
}
