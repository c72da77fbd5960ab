//! BIND's own log files (bin/named, lib/isc/log.c: `isc_log_doit`, with `print-time`).
//!
//! ```text
//! 05-Jan-2026 10:11:12.123 queries: info: client @0x7f8b4c0a1b20 10.0.0.7#4711 (acme.net): query: acme.net IN A +E(0)K (10.0.0.53)
//! 05-Jan-2026 10:11:13.000 general: notice: running
//! ```
//!
//! Category and severity may be missing, as `print-category` and `print-severity` have it; then
//! a line must begin with a client. The client's address and what it asked for are `fields`.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_word;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Level, Record};

pub const KIND: Kind = Kind {
    name: "bind",
    about: "05-Jan-2026 10:11:12.123 queries: info: client … 10.0.0.7#4711 (acme.net): query: … (BIND 9)",
    recognise: |_| Some(Arc::new(Bind)),
};

/// BIND 9 administrator's reference, "The category phrase".
const CATEGORIES: [&str; 34] = [
    "client",
    "cname",
    "config",
    "database",
    "default",
    "delegation-only",
    "dispatch",
    "dnssec",
    "dnstap",
    "edns-disabled",
    "general",
    "lame-servers",
    "network",
    "notify",
    "nsid",
    "queries",
    "query-errors",
    "rate-limit",
    "resolver",
    "responses",
    "rpz",
    "rpz-passthru",
    "security",
    "serve-stale",
    "spill",
    "sslkeylog",
    "trust-anchor-telemetry",
    "unmatched",
    "update",
    "update-policy",
    "update-security",
    "xfer-in",
    "xfer-out",
    "zoneload",
];
const NAME_BYTES_MAX: usize = 32;

struct Bind;

impl Format for Bind {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        // `05-Jan-2026`
        if line.as_bytes().get(2) != Some(&b'-') {
            return Err(Mismatch::Foreign);
        }
        let mut cursor = Cursor::new(line);
        record.ts = cursor.stamp(rules).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        let category = word_before_colon(&mut cursor, |word| CATEGORIES.contains(&word));
        let severity = word_before_colon(&mut cursor, |word| level_of(word).is_some());
        let is_client = cursor.rest().starts_with("client ");
        if category.is_none() && !is_client {
            return Err(Mismatch::Foreign);
        }
        if let Some(category) = category {
            record.fields.str("category", category);
        }
        record.level = severity.and_then(level_of);
        store_client(cursor, &mut record.fields);
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// `queries: `, if it is a word that is looked for.
fn word_before_colon<'a>(
    cursor: &mut Cursor<'a>,
    is_known: impl Fn(&str) -> bool,
) -> Option<&'a str> {
    let mut probe = *cursor;
    let word = probe.until_within(": ", NAME_BYTES_MAX).filter(|word| is_known(word))?;
    *cursor = probe;
    Some(word)
}

/// `info`, `debug 3`.
fn level_of(word: &str) -> Option<Level> {
    match word.strip_prefix("debug ") {
        Some(_) => Some(Level::Debug),
        None => level_of_word(word),
    }
}

/// `client @0x7f8b4c0a1b20 10.0.0.7#4711 (acme.net): query: acme.net IN A +E(0)K (10.0.0.53)`.
fn store_client(mut cursor: Cursor<'_>, fields: &mut Fields) -> Option<()> {
    if !cursor.eat_str("client ") {
        return None;
    }
    if cursor.peek() == Some(b'@') {
        cursor.word();
    }
    let (address, port) = cursor.word()?.trim_end_matches(':').split_once('#')?;
    fields.str("client", address);
    fields.typed("client_port", port);
    cursor.until(": query: ")?;
    for name in ["query", "class", "type", "flags"] {
        fields.str(name, cursor.word()?);
    }
    Some(())
}
