//! Access logs of web servers: the common and combined formats of Apache httpd
//! (mod_log_config) and nginx (ngx_http_log_module), with a virtual host before them
//! and times or other values after them; also what Gunicorn, Werkzeug and Envoy-like
//! servers write in that shape.
//!
//! ```text
//! 10.0.0.7 - ann [05/Jan/2026:10:11:12 +0100] "GET /cart HTTP/1.1" 200 5120 "https://shop/" "curl/8.5" 0.012
//! shop.example:443 10.0.0.7 - - [05/Jan/2026:10:11:12 +0100] "GET / HTTP/2.0" 304 -
//! ```
//!
//! The level is the status's: 5xx ERROR, 4xx WARN, else INFO. The message is the
//! request line and the status (`GET /cart HTTP/1.1 200`): what one looks for first.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, http};
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Record};

pub const KIND: Kind = Kind {
    name: "access",
    about: "10.0.0.7 - - [05/Jan/2026:10:11:12 +0100] \"GET / HTTP/1.1\" 200 512 \"-\" \"curl\"",
    recognise: |_| Some(Arc::new(Access)),
};

/// Where the timestamp must have begun: host, addresses and users before it.
const HEAD_BYTES_MAX: usize = 512;
/// Names of values at the end that nothing else names; more are not kept.
const EXTRAS: [&str; 6] = ["extra_1", "extra_2", "extra_3", "extra_4", "extra_5", "extra_6"];

struct Access;

impl Format for Access {
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
        if line.starts_with([' ', '[', '{', '\t']) {
            return Err(Mismatch::Foreign);
        }
        let head = cursor.until_within(" [", HEAD_BYTES_MAX).ok_or(Mismatch::Foreign)?;
        let (ts, length) = rules.read(cursor.rest()).ok_or(Mismatch::Foreign)?;
        cursor.advance(length);
        if !cursor.eat_str("] \"") {
            return Err(Mismatch::Foreign);
        }
        store_head(head, &mut record.fields)?;
        let request = quoted_rest(&mut cursor).ok_or(Mismatch::Broken("request does not end"))?;
        cursor.skip_spaces();
        let status = cursor.token().filter(|word| is_status(word));
        let status = status.ok_or(Mismatch::Broken("no status after the request"))?;
        cursor.skip_spaces();
        record.ts = ts;
        http::store_request(request, &mut record.fields);
        if let Ok(number) = status.parse() {
            record.fields.int("status", number);
            record.level = Some(http::level_of_status(number));
        }
        store_tail(&mut cursor, &mut record.fields);
        record.message = Cow::Owned([request, status].join(" "));
        Ok(())
    }

    /// One line a request: whatever else stands there belongs to nothing.
    fn takes_continuations(&self) -> bool {
        false
    }
}

/// Three digits, or the `-` of a connection that was closed.
fn is_status(word: &str) -> bool {
    word == "-" || (word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit()))
}

/// `[VHOST] CLIENT IDENT USER`; users may hold blanks.
fn store_head(head: &str, fields: &mut Fields) -> Result<(), Mismatch> {
    let (first, rest) = head.split_once(' ').ok_or(Mismatch::Foreign)?;
    let (second, third) = rest.split_once(' ').ok_or(Mismatch::Foreign)?;
    if first.is_empty() {
        return Err(Mismatch::Foreign);
    }
    let (client, ident, user) = if is_address(second) {
        let (ident, user) = third.split_once(' ').ok_or(Mismatch::Foreign)?;
        fields.str("vhost", first);
        (second, ident, user)
    } else {
        (first, second, third)
    };
    fields.str("client", client);
    for (name, value) in [("ident", ident), ("user", user)] {
        if !matches!(value, "-" | "") {
            fields.str(name, value);
        }
    }
    Ok(())
}

/// An IPv4 or IPv6 address, as the second word is only after a virtual host.
fn is_address(word: &str) -> bool {
    word.parse::<std::net::IpAddr>().is_ok()
}

/// What follows the status: bytes, referer, user agent, and whatever was added.
fn store_tail(cursor: &mut Cursor<'_>, fields: &mut Fields) {
    if let Some(bytes) = cursor.word()
        && bytes != "-"
    {
        fields.typed("bytes", bytes);
    }
    let mut quoted_names = ["referer", "user_agent", "forwarded_for"].into_iter();
    let mut plain_names = ["duration", "upstream_duration"].into_iter();
    let mut extras = EXTRAS.into_iter();
    while !cursor.is_at_end() {
        let (value, name) = if cursor.eat(b'"') {
            let Some(value) = quoted_rest(cursor) else { break };
            (value, quoted_names.next())
        } else {
            let Some(value) = cursor.token() else { break };
            let number = value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            (value, if number { plain_names.next() } else { None })
        };
        cursor.skip_spaces();
        if matches!(value, "-" | "") {
            continue;
        }
        match (name, value.split_once('=')) {
            (Some(name), _) => fields.typed(name, value),
            // nginx users name their times: `rt=0.012 uct="0.001"`.
            (None, Some((name, value))) => fields.typed(name, value.trim_matches('"')),
            (None, None) => {
                let Some(name) = extras.next() else { break };
                fields.typed(name, value);
            }
        }
    }
}

/// The text up to the closing quote, with `\"` left as it is.
fn quoted_rest<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let text = cursor.rest();
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(b'"', b'\\', &text.as_bytes()[from..])?;
        if text.as_bytes()[at] == b'"' {
            cursor.advance(at + 1);
            return Some(&text[..at]);
        }
        // An escape is two bytes; of a longer character the rest is skipped by the search.
        from = (at + 2).min(text.len());
    }
}
