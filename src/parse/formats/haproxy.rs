//! What HAProxy writes about requests and connections, its HTTP and TCP log formats, as
//! the message of a syslog line (configuration manual, sections 8.2.2 and 8.2.3).
//!
//! ```text
//! 10.0.0.7:4711 [05/Jan/2026:10:11:12.655] web api/api1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "GET /x HTTP/1.1"
//! ```
//!
//! The level is the status's; the timestamp is the one in brackets, which has
//! milliseconds. The message is the request line and the status.

use std::borrow::Cow;

use super::http;
use crate::parse::TimeRules;
use crate::parse::scan::Cursor;
use crate::record::{Fields, Level, Micros, Record};

/// Longest captured headers in braces.
const CAPTURE_BYTES_MAX: usize = 4096;

/// Reads a message into `record`, or leaves it as it was.
pub fn read_request<'a>(
    mut cursor: Cursor<'a>,
    rules: &TimeRules,
    record: &mut Record<'a>,
) -> Option<()> {
    let fields_before = record.fields.len();
    let read = request_or_connection(&mut cursor, rules, record);
    if read.is_none() {
        record.fields.truncate(fields_before);
    }
    let (ts, level, message) = read?;
    (record.ts, record.level, record.message) = (ts, Some(level), message);
    Some(())
}

fn request_or_connection<'a>(
    cursor: &mut Cursor<'a>,
    rules: &TimeRules,
    record: &mut Record<'a>,
) -> Option<(Micros, Level, Cow<'a, str>)> {
    let fields = &mut record.fields;
    let (client, port) = address(cursor)?;
    let ts = cursor.stamp(rules)?;
    cursor.skip_spaces();
    fields.str("client", client);
    fields.typed("client_port", port);
    let proxies = cursor.rest();
    store_proxies(cursor, fields)?;
    let times = cursor.word()?;
    match times.split('/').count() {
        5 => {
            let (level, message) = http(times, cursor, fields)?;
            Some((ts, level, message))
        }
        3 => {
            tcp(times, cursor, fields)?;
            Some((ts, Level::Info, Cow::Borrowed(proxies)))
        }
        _ => None,
    }
}

/// `10.0.0.7:4711 `, `[::1]:4711 ` being written without its brackets.
fn address<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, &'a str)> {
    let (client, port) = cursor.word()?.rsplit_once(':')?;
    port.bytes().all(|b| b.is_ascii_digit()).then_some((client, port))
}

/// `FRONTEND BACKEND/SERVER `.
fn store_proxies(cursor: &mut Cursor<'_>, fields: &mut Fields) -> Option<()> {
    let frontend = cursor.word()?;
    let (backend, server) = cursor.word()?.split_once('/')?;
    // `~` says that the connection came over TLS.
    fields.str("frontend", frontend.trim_end_matches('~'));
    fields.str("backend", backend);
    fields.str("server", server);
    Some(())
}

/// `STATUS BYTES COOKIE COOKIE STATE CONNECTIONS QUEUES {CAPTURES} "REQUEST"`.
fn http<'a>(
    times: &str,
    cursor: &mut Cursor<'a>,
    fields: &mut Fields,
) -> Option<(Level, Cow<'a, str>)> {
    let names = ["request_ms", "queue_ms", "connect_ms", "response_ms", "total_ms"];
    store_times(&names, times, fields);
    let status = cursor.word()?;
    let number: i64 = status.parse().ok()?;
    fields.int("status", number);
    fields.typed("bytes", cursor.word()?);
    // The cookies of request and response.
    cursor.word()?;
    cursor.word()?;
    fields.str("termination", cursor.word()?);
    store_load(cursor, fields)?;
    while let Some(captured) = cursor.enclosed_within(b'{', b'}', CAPTURE_BYTES_MAX) {
        if !captured.is_empty() {
            fields.str("captured", captured);
        }
        cursor.skip_spaces();
    }
    // A request longer than the log's limit lacks its closing quote.
    let request = cursor.rest().strip_prefix('"')?;
    let request = request.strip_suffix('"').unwrap_or(request);
    http::store_request(request, fields);
    Some((http::level_of_status(number), Cow::Owned([request, status].join(" "))))
}

/// `BYTES STATE CONNECTIONS QUEUES`.
fn tcp(times: &str, cursor: &mut Cursor<'_>, fields: &mut Fields) -> Option<()> {
    store_times(&["queue_ms", "connect_ms", "total_ms"], times, fields);
    fields.typed("bytes", cursor.word()?);
    fields.str("termination", cursor.word()?);
    store_load(cursor, fields)
}

fn store_times(names: &[&str], times: &str, fields: &mut Fields) {
    for (name, time) in names.iter().zip(times.split('/')) {
        // -1: the phase was not reached. `+`: logged before the end.
        if time != "-1" {
            fields.typed(name, time.trim_start_matches('+'));
        }
    }
}

/// Connections and queues, kept as they are written.
fn store_load(cursor: &mut Cursor<'_>, fields: &mut Fields) -> Option<()> {
    fields.str("connections", cursor.word()?);
    fields.str("queues", cursor.word()?);
    Some(())
}
