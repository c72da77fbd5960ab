//! `heroku logs`: what Heroku's Logplex writes (Heroku Dev Center, "HTTP routing", "Error codes").
//!
//! ```text
//! 2026-01-05T10:11:12.123456+00:00 heroku[router]: at=info method=GET path="/cart" host=shop.herokuapp.com … status=200 bytes=5120
//! 2026-01-05T10:11:13.000001+00:00 app[web.1]: Listening on 3000
//! ```
//!
//! The lines of a stack trace of one process are one record. `heroku` or `app` is the service, what stands in brackets the `process`. The router's pairs go
//! to `fields`; its requests have the level of their status, what it could not deliver is an ERROR.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, http, plain};
use crate::parse::level::level_of_message;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Record};

pub const KIND: Kind = Kind {
    name: "heroku",
    about: "2026-01-05T10:11:12.123456+00:00 app[web.1]: message (heroku logs)",
    recognise: |_| Some(Arc::new(Heroku)),
};

/// Most pairs of the router's lines.
const PAIRS_MAX: usize = 32;

struct Heroku;

impl Format for Heroku {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let head = Head::read(line).ok_or(Mismatch::Foreign)?;
        if head.service == "app" && plain::goes_on(head.text) {
            // Only if it is a line of this format.
            rules.whole(head.stamp).ok_or(Mismatch::Foreign)?;
            return Err(Mismatch::Continues);
        }
        self.parse_alone(line, rules, record)
    }

    fn inside<'a>(&self, line: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(Head::read(line).map_or(line, |head| head.text))
    }

    fn has_streams(&self) -> bool {
        true
    }

    fn stream<'a>(&self, line: &'a str) -> Option<&'a str> {
        Head::read(line).map(|head| head.process)
    }

    fn parse_alone<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let Head { stamp, service, process, text } = Head::read(line).ok_or(Mismatch::Foreign)?;
        record.ts = rules.whole(stamp).ok_or(Mismatch::Foreign)?;
        let mut cursor = Cursor::new(text);
        cursor.skip_spaces();
        record.service = Some(Cow::Borrowed(service));
        record.fields.str("process", process);
        record.message = Cow::Borrowed(cursor.rest());
        match (service, process) {
            ("heroku", "router") => store_request(&mut cursor, record),
            // `Error R14 (Memory quota exceeded)`.
            ("heroku", _) if cursor.rest().starts_with("Error ") => {
                record.level = Some(Level::Error);
            }
            _ => record.level = level_of_message(cursor.rest()),
        }
        Ok(())
    }
}

/// `2026-01-05T10:11:12.123456+00:00 app[web.1]: text`.
struct Head<'a> {
    stamp: &'a str,
    service: &'a str,
    process: &'a str,
    /// With its indentation.
    text: &'a str,
}

impl<'a> Head<'a> {
    fn read(line: &'a str) -> Option<Head<'a>> {
        let mut cursor = Cursor::new(line);
        let stamp =
            cursor.word().filter(|stamp| stamp.starts_with(|c: char| c.is_ascii_digit()))?;
        let service = ["heroku", "app"].into_iter().find(|name| {
            cursor.rest().strip_prefix(name).is_some_and(|rest| rest.starts_with('['))
        })?;
        cursor.advance(service.len());
        let process = cursor.bracket().filter(|name| is_process(name))?;
        cursor.eat(b':').then_some(())?;
        cursor.eat(b' ');
        Some(Head { stamp, service, process, text: cursor.rest() })
    }
}

/// `web.1`, `router`, `api`: no process id, which syslog has there.
fn is_process(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

pub(super) fn store_request(cursor: &mut Cursor<'_>, record: &mut Record<'_>) {
    let mut is_failure = false;
    for _ in 0..PAIRS_MAX {
        let Some(name) = cursor.until_within("=", 64) else { break };
        let value = if cursor.eat(b'"') {
            cursor.until("\"").unwrap_or_default()
        } else {
            cursor.token().unwrap_or_default()
        };
        cursor.skip_spaces();
        match (name, value.strip_suffix("ms")) {
            ("at", _) => is_failure = value == "error",
            ("status", _) => http::store_status(value, record),
            ("service", Some(millis)) => record.fields.typed("duration_ms", millis),
            ("connect", Some(millis)) => record.fields.typed("connect_ms", millis),
            _ => record.fields.typed(name, value),
        }
    }
    if is_failure {
        record.level = Some(Level::Error);
    }
}
