//! The level of a request that is logged as JSON without one: nginx with `escape=json`, Envoy and
//! Istio, Cloudflare. It is that of the status, as in the text formats of access logs.

use crate::parse::formats::http::level_of_status;
use crate::record::Level;

/// Names of a request's status, and of its method or request line: without one of these a
/// number is not the answer to a request.
const STATUS: [&str; 5] = [
    "\"status\":",
    "\"status_code\":",
    "\"response_code\":",
    "\"EdgeResponseStatus\":",
    "\"DownstreamStatus\":",
];
const METHOD: [&str; 5] = [
    "\"method\":\"",
    "\"request_method\":\"",
    "\"request\":\"",
    "\"ClientRequestMethod\":\"",
    "\"RequestMethod\":\"",
];

/// `fields` are the pairs of a record's fields.
pub fn level_of_request(fields: &str) -> Option<Level> {
    let status = STATUS.iter().find_map(|name| status_after(fields, name))?;
    let find = |name: &&str| memchr::memmem::find(fields.as_bytes(), name.as_bytes()).is_some();
    METHOD.iter().any(|name| find(&name)).then(|| level_of_status(status))
}

/// Three digits, perhaps in quotes: from 100 to 599.
fn status_after(fields: &str, name: &str) -> Option<i64> {
    let at = memchr::memmem::find(fields.as_bytes(), name.as_bytes())? + name.len();
    let value = fields[at..].trim_start_matches(['"', ' ']);
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let status: i64 = value[..digits].parse().ok()?;
    (digits == 3 && (100..=599).contains(&status)).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_to_requests_have_a_level() {
        for (fields, level) in [
            (r#""method":"GET","status":200"#, Some(Level::Info)),
            (r#""status":"502","request":"GET / HTTP/1.1""#, Some(Level::Error)),
            (r#""ClientRequestMethod":"GET","EdgeResponseStatus":404"#, Some(Level::Warn)),
            (r#""status":502"#, None),
            (r#""method":"GET","status":"done""#, None),
            (r#""method":"GET","status":5020"#, None),
            (r#""method":"GET","status":7"#, None),
            ("", None),
        ] {
            assert_eq!(level_of_request(fields), level, "{fields}");
        }
    }
}
