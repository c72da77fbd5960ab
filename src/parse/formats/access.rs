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

use super::values::{self, quoted_rest};
use super::{Kind, http};
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules, Zone};
use crate::record::{Fields, Micros, Record};

pub const KIND: Kind = Kind {
    name: "access",
    about: "10.0.0.7 - - [05/Jan/2026:10:11:12 +0100] \"GET / HTTP/1.1\" 200 512 \"-\" \"curl\"",
    recognise: |_| Some(Arc::new(Access)),
};

/// Where the timestamp must have begun: host, addresses and users before it.
const HEAD_BYTES_MAX: usize = 512;
/// Texts in brackets that may stand before the timestamp.
const BRACKETS_MAX: usize = 3;
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
        let (head, ts) = head_and_stamp(&mut cursor, rules).ok_or(Mismatch::Foreign)?;
        store_head(head, &mut record.fields)?;
        let request = quoted_rest(&mut cursor).ok_or(Mismatch::Broken("request does not end"))?;
        cursor.skip_spaces();
        let status = cursor.token().filter(|word| http::is_status(word));
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

/// Adds the request in a message that came in an envelope, as nginx and Apache send them over
/// syslog: its fields, and the level of its status where that is graver. The message stays.
pub fn add_request(message: &str, record: &mut Record<'_>) {
    let window = &message.as_bytes()[..message.len().min(HEAD_BYTES_MAX)];
    if memchr::memmem::find(window, b"] \"").is_none() {
        return;
    }
    let fields_before = record.fields.len();
    let fields = std::mem::take(&mut record.fields);
    let mut inner = Record { fields, ..Record::default() };
    let read = Access.parse(message, &TimeRules::new(Zone::UTC, 0), &mut inner);
    record.fields = inner.fields;
    match read {
        Ok(()) => record.level = record.level.max(inner.level),
        Err(_) => record.fields.truncate(fields_before),
    }
}

/// What stands before `[05/Jan/2026:10:11:12 +0100] "`, and the time. Other brackets may come
/// before it: some log the addresses of proxies in them.
fn head_and_stamp<'a>(cursor: &mut Cursor<'a>, rules: &TimeRules) -> Option<(&'a str, Micros)> {
    let line = cursor.rest();
    for _ in 0..BRACKETS_MAX {
        let before = line.len() - cursor.rest().len();
        let text = cursor.until_within(" [", HEAD_BYTES_MAX)?;
        if let Some((ts, length)) = rules.read(cursor.rest()) {
            cursor.advance(length);
            return cursor.eat_str("] \"").then_some((&line[..before + text.len()], ts));
        }
    }
    None
}

/// `[VHOST] CLIENT[, PROXY…] IDENT USER`; users may hold blanks.
fn store_head(head: &str, fields: &mut Fields) -> Result<(), Mismatch> {
    let (vhost, rest) = match head.split_once(' ') {
        // A list of addresses goes on after a comma.
        Some((first, rest)) if !first.ends_with(',') && is_address(first_word(rest)) => {
            (Some(first), rest)
        }
        _ => (None, head),
    };
    let (clients, rest) = split_list(rest);
    let (forwarded, rest) = split_brackets(rest);
    if clients.is_empty() {
        return Err(Mismatch::Foreign);
    }
    // Without a user there is nothing but the client.
    let (ident, user) = match rest.split_once(' ') {
        Some(names) => names,
        None if matches!(rest, "" | "-") && is_address(first_word(clients)) => ("", ""),
        None => return Err(Mismatch::Foreign),
    };
    if let Some(vhost) = vhost {
        fields.str("vhost", vhost);
    }
    let mut addresses = clients.split([',', ' ']).filter(|address| !address.is_empty());
    let known = |address: &&str| !matches!(*address, "-" | "unknown");
    if let Some(client) = addresses.clone().find(known) {
        fields.str("client", client);
    }
    let forwarded = forwarded.or_else(|| addresses.nth(1).map(|_| clients));
    for (name, value) in
        [("ident", ident), ("user", user), ("forwarded_for", forwarded.unwrap_or_default())]
    {
        if !matches!(value, "-" | "") {
            fields.str(name, value);
        }
    }
    Ok(())
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

/// `203.0.113.7, 10.0.0.1` and what follows the list.
fn split_list(text: &str) -> (&str, &str) {
    let mut end = 0;
    loop {
        let word = first_word(&text[end..]);
        end += word.len();
        if !word.ends_with(',') || end == text.len() {
            return (&text[..end], text[end..].trim_start());
        }
        end += 1;
    }
}

/// `(203.0.113.7, 10.0.0.1) - ann` and `- [10.0.0.7] - ann`: the addresses that a proxy passed
/// on, and the rest.
fn split_brackets(text: &str) -> (Option<&str>, &str) {
    let mut cursor = Cursor::new(text);
    cursor.eat_str("- ");
    let list = match cursor.peek() {
        Some(b'(') => cursor.enclosed(b'(', b')'),
        Some(b'[') => cursor.bracket(),
        _ => None,
    };
    cursor.skip_spaces();
    match list {
        Some(list) => (Some(list), cursor.rest()),
        None => (None, text),
    }
}

/// An IPv4 or IPv6 address, as the second word is only after a virtual host.
fn is_address(word: &str) -> bool {
    word.trim_end_matches(',').parse::<std::net::IpAddr>().is_ok()
}

/// What ingress-nginx and Traefik write after the user agent, whose names are known.
fn store_known_tail(cursor: &mut Cursor<'_>, fields: &mut Fields) -> Option<()> {
    let mut probe = *cursor;
    for _ in 0..2 {
        probe.eat(b'"').then_some(())?;
        quoted_rest(&mut probe)?;
        probe.skip_spaces();
    }
    let tail = probe.rest();
    let names = known_tail(probe)?;
    values::store(&["referer", "user_agent"], cursor, fields);
    *cursor = Cursor::new(tail);
    for name in names {
        let value = match cursor.bracket() {
            Some(value) => value,
            None => next_list(cursor),
        };
        cursor.skip_spaces();
        let value = if *name == "duration_ms" { value.trim_end_matches("ms") } else { value };
        if !name.is_empty() {
            values::store_value(name, value.trim_matches('"'), fields);
        }
    }
    Some(())
}

/// `412 0.012 [shop-cart-80] [] 10.1.0.3:8080 5120 0.011 200 5f0c…`, or `71 "router" "url" 12ms`.
fn known_tail(mut tail: Cursor<'_>) -> Option<&'static [&'static str]> {
    const INGRESS: [&str; 9] = [
        "request_length",
        "duration",
        "upstream_name",
        "",
        "upstream",
        "upstream_bytes",
        "upstream_duration",
        "upstream_status",
        "request_id",
    ];
    const TRAEFIK: [&str; 4] = ["requests", "router", "upstream", "duration_ms"];
    let is_number = |word: &str| word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    tail.word().filter(|word| is_number(word))?;
    if tail.peek() == Some(b'"') {
        values::next(&mut tail)?;
        values::next(&mut tail)?;
        return tail.rest().ends_with("ms").then_some(&TRAEFIK);
    }
    tail.word().filter(|word| is_number(word))?;
    (tail.peek() == Some(b'[')).then_some(&INGRESS)
}

/// A value, or several with commas between: `10.1.0.4:8080, 10.1.0.5:8080`.
fn next_list<'a>(cursor: &mut Cursor<'a>) -> &'a str {
    let text = cursor.rest();
    let (list, _) = split_list(text);
    cursor.advance(list.len());
    list
}

/// What follows the status: bytes, referer, user agent, and whatever was added.
fn store_tail(cursor: &mut Cursor<'_>, fields: &mut Fields) {
    if let Some(bytes) = cursor.word()
        && bytes != "-"
    {
        fields.typed("bytes", bytes);
    }
    if store_known_tail(cursor, fields).is_some() {
        return;
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
