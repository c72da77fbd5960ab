//! LTSV, labelled tab-separated values (<http://ltsv.org>).
//!
//! ```text
//! time:05/Jan/2026:10:11:12 +0900    host:10.0.0.7    req:GET /cart HTTP/1.1    status:200    size:5120
//! time:2026-01-05T10:11:12Z    level:ERROR    message:disk full
//! ```
//!
//! Values are found by their [names]. In a line with a status, `host` is the client, as ltsv.org
//! has it, the level is the status's and the message is the request; without a message the
//! line stands for it.

use std::borrow::Cow;
use std::sync::Arc;

use super::names::{self, Role, STAND_IN};
use super::{Kind, http};
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Micros, Record};

pub const KIND: Kind = Kind {
    name: "ltsv",
    about: "time:05/Jan/2026:10:11:12 +0900, host:…, req:…, status:200 between tabs",
    recognise: |_| Some(Arc::new(Ltsv)),
};

const LABEL_BYTES_MAX: usize = 64;

struct Ltsv;

impl Format for Ltsv {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        // A line of a stack trace is indented, and may have a colon after its first word.
        if line.starts_with('\t') || memchr::memchr(b'\t', line.as_bytes()).is_none() {
            return Err(Mismatch::Foreign);
        }
        let mut cells = line.split('\t').filter(|cell| !cell.is_empty());
        if cells.clone().nth(1).is_none() || !cells.clone().all(|cell| labelled(cell).is_some()) {
            return Err(Mismatch::Foreign);
        }
        let status = cells.clone().find_map(|cell| cell.strip_prefix("status:"));
        let is_access = status.is_some();
        let mut request = [None; 3];
        let mut ts = None;
        for (label, value) in cells.by_ref().filter_map(labelled) {
            match (label, names::role_of(label)) {
                (_, Some((Role::Time, _))) if ts.is_none() => {
                    ts = time_of(value, rules);
                    if ts.is_none() {
                        record.fields.str(label, value);
                    }
                }
                _ if matches!(value, "-" | "") => {}
                ("status", _) if http::is_status(value) => http::store_status(value, record),
                ("req", _) => request[0] = Some(value),
                ("method", _) => request[1] = Some(value),
                ("uri", _) => request[2] = Some(value),
                ("host", _) if is_access => record.fields.str("client", value),
                (_, Some((role, rank))) if rank < STAND_IN => {
                    take(role, label, value, record);
                }
                _ => record.fields.typed(label, value),
            }
        }
        record.ts = ts.or(rules.absent).ok_or(Mismatch::Foreign)?;
        if ts.is_none() {
            rules.mark_undated(record);
        }
        store_request(request, status.unwrap_or_default(), record);
        if record.message.is_empty() {
            record.message = Cow::Borrowed(line);
        }
        Ok(())
    }

    fn takes_continuations(&self) -> bool {
        false
    }
}

/// `label:value`.
fn labelled(cell: &str) -> Option<(&str, &str)> {
    let (label, value) = cell.split_once(':')?;
    let is_label = (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    is_label.then_some((label, value))
}

fn time_of(value: &str, rules: &TimeRules) -> Option<Micros> {
    names::time_of_text(value.trim_matches(['[', ']']), rules)
}

fn take<'a>(role: Role, label: &str, value: &'a str, record: &mut Record<'a>) {
    match role {
        Role::Level => match names::level_of_text(value) {
            Some(level) => record.level = Some(level),
            None => record.fields.typed(label, value),
        },
        Role::Service => record.service = Some(Cow::Borrowed(value)),
        Role::Host => record.host = Some(Cow::Borrowed(value)),
        Role::Message => record.message = Cow::Borrowed(value),
        Role::Time | Role::Date | Role::Component => record.fields.typed(label, value),
    }
}

/// The request line, or its method and path.
fn store_request(request: [Option<&str>; 3], status: &str, record: &mut Record<'_>) {
    let line = match request {
        [Some(line), ..] => line.to_owned(),
        [None, Some(method), Some(path)] => format!("{method} {path}"),
        [None, method, path] => {
            for (name, value) in [("method", method), ("uri", path)] {
                if let Some(value) = value {
                    record.fields.str(name, value);
                }
            }
            return;
        }
    };
    http::store_request(&line, &mut record.fields);
    if record.message.is_empty() {
        record.message = Cow::Owned(format!("{line} {status}").trim_end().to_owned());
    }
}
