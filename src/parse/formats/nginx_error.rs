//! nginx's error log (ngx_log.c and ngx_http_request.c: `ngx_http_log_error`).
//!
//! ```text
//! 2026/01/05 10:11:12 [error] 812#7: *9 open() "/srv/x" failed (2: No such file or directory), client: 10.0.0.7, server: shop, request: "GET /x HTTP/1.1", host: "shop"
//! ```
//!
//! The request that the message is about goes to `fields` and leaves the message.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, http};
use crate::parse::level::level_of_word;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Record};

pub const KIND: Kind = Kind {
    name: "nginx_error",
    about: "2026/01/05 10:11:12 [error] 812#7: *9 message, client: 10.0.0.7, server: shop",
    recognise: |_| Some(Arc::new(NginxError)),
};

/// The names nginx appends, in the order in which it does.
const CONTEXT: [&str; 9] =
    ["client", "server", "request", "subrequest", "upstream", "host", "referrer", "login", "bytes"];

struct NginxError;

impl Format for NginxError {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if line.as_bytes().get(4) != Some(&b'/') {
            return Err(Mismatch::Foreign);
        }
        let mut cursor = Cursor::new(line);
        record.ts = cursor.stamp(rules).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        let level = cursor.bracket().and_then(level_of_word).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        let pid = number(&mut cursor).filter(|_| cursor.eat(b'#')).ok_or(Mismatch::Foreign)?;
        let tid = number(&mut cursor).filter(|_| cursor.eat(b':')).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        record.level = Some(level);
        record.fields.int("pid", pid);
        record.fields.int("tid", tid);
        if cursor.eat(b'*') {
            let connection = number(&mut cursor).ok_or(Mismatch::Foreign)?;
            record.fields.int("connection", connection);
            cursor.skip_spaces();
        }
        let (message, context) = split_context(cursor.rest());
        record.message = Cow::Borrowed(message);
        store_context(context, &mut record.fields);
        Ok(())
    }
}

fn number(cursor: &mut Cursor<'_>) -> Option<i64> {
    i64::try_from(cursor.number()?).ok()
}

/// The message, and what begins with `client: `.
fn split_context(text: &str) -> (&str, &str) {
    match memchr::memmem::find(text.as_bytes(), b", client: ") {
        Some(at) => (&text[..at], &text[at + 2..]),
        None => (text, ""),
    }
}

fn store_context(context: &str, fields: &mut Fields) {
    let mut names = &CONTEXT[..];
    let mut rest = context;
    while let Some((index, length)) = name_at(rest, names) {
        names = &names[index..];
        let value_at = &rest[length..];
        // A value ends where one of the later names begins: requests hold commas.
        let end = memchr::memmem::find_iter(value_at.as_bytes(), b", ")
            .find(|&at| name_at(&value_at[at + 2..], &names[1..]).is_some());
        let (value, after) = match end {
            Some(end) => (&value_at[..end], &value_at[end + 2..]),
            None => (value_at, ""),
        };
        store_value(names[0], value.trim_matches('"'), fields);
        (names, rest) = (&names[1..], after);
    }
}

/// Which of `names` stands at the beginning of `text`, and how much `NAME: ` takes.
fn name_at(text: &str, names: &[&str]) -> Option<(usize, usize)> {
    let index = names
        .iter()
        .position(|name| text.strip_prefix(name).is_some_and(|rest| rest.starts_with(": ")))?;
    Some((index, names[index].len() + 2))
}

fn store_value(name: &str, value: &str, fields: &mut Fields) {
    match name {
        "request" => http::store_request(value, fields),
        // Spelled as access logs and HTTP itself spell it.
        "referrer" => fields.str("referer", value),
        _ => fields.typed(name, value),
    }
}
