//! What the formats of HTTP requests share.

use std::borrow::Cow;

use crate::record::{Fields, Level, Record};

/// The level of a request by its status (RFC 9110, section 15): 5xx is the server's
/// failure, 4xx the client's, everything else went as it should.
pub fn level_of_status(status: i64) -> Level {
    match status {
        500..=599 => Level::Error,
        400..=499 => Level::Warn,
        _ => Level::Info,
    }
}

/// Three digits, or the `-` of a connection that was closed.
pub fn is_status(word: &str) -> bool {
    word == "-" || (word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit()))
}

/// Puts a request and its status into the record: `fields`, level, and the message
/// `GET /cart HTTP/1.1 200`.
pub fn store_answered(request: &str, status: &str, record: &mut Record<'_>) {
    store_request(request, &mut record.fields);
    store_status(status, record);
    record.message = Cow::Owned([request, status].join(" "));
}

/// The status as a field, and its level.
pub fn store_status(status: &str, record: &mut Record<'_>) {
    record.level = Some(Level::Info);
    if let Ok(number) = status.parse() {
        record.fields.int("status", number);
        record.level = Some(level_of_status(number));
    }
}

/// Puts the parts of `GET /x HTTP/1.1` into `fields`; a request that is none (TLS sent
/// to a plain port) has no parts.
pub fn store_request(request: &str, fields: &mut Fields) {
    let Some((method, target)) = request.split_once(' ') else {
        return;
    };
    if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') {
        return;
    }
    let (target, protocol) = match target.rsplit_once(' ') {
        Some((target, protocol)) if protocol.starts_with("HTTP/") => (target, Some(protocol)),
        _ => (target, None),
    };
    // A connection that sent no request: `- - -`.
    if method == "-" {
        return;
    }
    fields.str("method", method);
    match path_of_url(target) {
        Some(path) => {
            fields.str("path", path);
            fields.str("url", target);
        }
        None => fields.str("path", target),
    }
    if let Some(protocol) = protocol {
        fields.str("protocol", protocol);
    }
}

/// The path of a URL with a scheme, as proxies log it.
fn path_of_url(target: &str) -> Option<&str> {
    let rest = target.strip_prefix("http://").or_else(|| target.strip_prefix("https://"))?;
    Some(rest.find('/').map_or("/", |at| &rest[at..]))
}
