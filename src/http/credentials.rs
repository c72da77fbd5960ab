//! The token as clients show it: every protocol has its own way to send what is one secret.
//!
//! - `Bearer TOKEN` (RFC 6750), `Splunk TOKEN` (HTTP Event Collector);
//! - `Basic` of `anything:TOKEN` (RFC 7617), which every client can be made to send;
//! - `ApiKey` of `id:TOKEN` in base64 (Elasticsearch).

use std::borrow::Cow;

use axum::http::{HeaderMap, header};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};

/// The token of the header Authorization; `None` if there is none that can be read.
pub fn token_of(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    let rest = rest.trim();
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "splunk" => Some(Cow::Borrowed(rest)),
        "basic" | "apikey" => {
            let decoded = String::from_utf8(from_base64(rest)?).ok()?;
            let (_, token) = decoded.split_once(':')?;
            Some(Cow::Owned(token.to_owned()))
        }
        _ => None,
    }
}

/// RFC 4648, section 4; padding may be missing.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&alphabet::STANDARD, lenient).decode(text).ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn tokens_are_found_whatever_the_protocol() {
        for (value, token) in [
            ("Bearer secret", Some("secret")),
            ("bearer secret", Some("secret")),
            ("Splunk secret", Some("secret")),
            // user:secret
            ("Basic dXNlcjpzZWNyZXQ=", Some("secret")),
            ("Basic dXNlcjpzZWNyZXQ", Some("secret")),
            // id:se:cret
            ("ApiKey aWQ6c2U6Y3JldA==", Some("se:cret")),
            ("Basic secret", None),
            ("Basic !", None),
            ("Digest x", None),
            ("secret", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("authorization", HeaderValue::from_static(value));
            assert_eq!(token_of(&headers).as_deref(), token, "{value}");
        }
        assert_eq!(token_of(&HeaderMap::new()), None);
    }
}
