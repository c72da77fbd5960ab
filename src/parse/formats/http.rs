//! What the formats of HTTP requests share.

use crate::record::{Fields, Level};

/// The level of a request by its status (RFC 9110, section 15): 5xx is the server's
/// failure, 4xx the client's, everything else went as it should.
pub fn level_of_status(status: i64) -> Level {
    match status {
        500..=599 => Level::Error,
        400..=499 => Level::Warn,
        _ => Level::Info,
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
    fields.str("method", method);
    fields.str("path", target);
    if let Some(protocol) = protocol {
        fields.str("protocol", protocol);
    }
}
