//! Envoy and Istio: the default access log of both, and Envoy's own log (Envoy documentation,
//! "Access logging", default format string; Istio `pilot/pkg/model`, `EnvoyTextLogFormat`).
//!
//! ```text
//! [2026-01-05T10:11:12.123Z] "GET /cart HTTP/1.1" 200 - 0 5120 12 11 "10.0.0.7" "curl/8.5.0" "5f0c…" "shop.example.org" "10.0.0.1:8080"
//! [2026-01-05T10:11:13.123Z] "POST /pay HTTP/2" 503 UF via_upstream - "-" 87 91 3 - "-" "okhttp" "5f0d…" "pay" "-" outbound|8080||pay …
//! [2026-01-05 10:11:14.123][15][warning][config] [source/x.cc:12] gRPC config stream closed: 14
//! ```
//!
//! The level of a request is its status's. Its message is the request line, the status, and the
//! flags that say why a request failed.

use std::borrow::Cow;
use std::sync::Arc;

use super::values::{self, quoted_rest, store_value};
use super::{Kind, http};
use crate::parse::level::level_of_word;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Record};

pub const KIND: Kind = Kind {
    name: "envoy",
    about: "[2026-01-05T10:11:12.123Z] \"GET / HTTP/1.1\" 200 - 0 512 12 11 … (also Istio, and Envoy's own log)",
    recognise: |_| Some(Arc::new(Envoy)),
};

/// What may stand between the flags and the numbers.
const DETAILS_MAX: usize = 4;
/// After the numbers, in their order.
const NAMES: [&str; 12] = [
    "forwarded_for",
    "user_agent",
    "request_id",
    "authority",
    "upstream",
    "upstream_cluster",
    "upstream_local",
    "local",
    "client",
    "server_name",
    "route",
    "extra_1",
];

struct Envoy;

impl Format for Envoy {
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
        let read = if cursor.eat_str(" \"") {
            read_request(&mut cursor, record)
        } else {
            read_own(&mut cursor, record)
        };
        read.ok_or(Mismatch::Foreign)
    }
}

fn read_request<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    let request = quoted_rest(cursor)?;
    cursor.skip_spaces();
    let status = cursor.word().filter(|word| http::is_status(word) || *word == "0")?;
    let flags = cursor.word().filter(|word| is_flags(word))?;
    let fields = &mut record.fields;
    // A stream of bytes has no request: `- - -`.
    if !request.starts_with("- ") {
        http::store_request(request, fields);
    }
    fields.typed("status", status);
    store_value("response_flags", flags, fields);
    store_details(cursor, fields)?;
    store_value("request_bytes", cursor.word()?, fields);
    store_value("bytes", cursor.word()?, fields);
    store_value("duration_ms", cursor.word()?, fields);
    store_value("upstream_duration_ms", cursor.word()?, fields);
    values::store(&NAMES, cursor, fields);
    let number = status.parse().unwrap_or_default();
    record.level = Some(http::level_of_status(number));
    let parts = [request, status, flags];
    let parts = if flags == "-" { &parts[..2] } else { &parts };
    record.message = Cow::Owned(parts.join(" "));
    Some(())
}

/// `-`, or `UF,URX`.
fn is_flags(word: &str) -> bool {
    word == "-" || word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b',')
}

/// Istio's words before the numbers: why the response is as it is, why the connection ended,
/// and in quotes what failed behind.
fn store_details(cursor: &mut Cursor<'_>, fields: &mut Fields) -> Option<()> {
    let mut plain = ["response_details", "connection_details"].into_iter();
    for _ in 0..DETAILS_MAX {
        if numbers_follow(*cursor) {
            return Some(());
        }
        let is_quoted = cursor.peek() == Some(b'"');
        let value = values::next(cursor)?;
        let name = if is_quoted { Some("upstream_failure") } else { plain.next() };
        store_value(name?, value, fields);
    }
    numbers_follow(*cursor).then_some(())
}

/// Bytes of request and response, and milliseconds.
fn numbers_follow(mut cursor: Cursor<'_>) -> bool {
    (0..3).all(|_| cursor.number_word().is_some() && cursor.skip_spaces())
}

/// `[15][warning][config] [source/x.cc:12] message`.
fn read_own<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    let thread = cursor.bracket().filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
    record.level = Some(level_of_word(cursor.bracket()?)?);
    let component = cursor.bracket()?;
    cursor.skip_spaces();
    record.fields.typed("tid", thread);
    record.fields.str("logger", component);
    if let Some(place) = cursor.bracket() {
        record.fields.str("source", place);
        cursor.skip_spaces();
    }
    record.message = Cow::Borrowed(cursor.rest());
    Some(())
}
