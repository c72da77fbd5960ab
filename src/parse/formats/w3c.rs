//! W3C extended log files: IIS, CloudFront, and other servers.
//!
//! ```text
//! #Fields: date time s-ip cs-method cs-uri-stem sc-status time-taken
//! 2026-01-05 00:00:00 10.0.0.1 GET /index.html 200 15
//! ```
//!
//! Source: <https://www.w3.org/TR/WD-logfile.html>: columns are named in `#Fields:`, `-` is
//! no value, times are GMT. The fields are those of the source's first `#Fields:`; lines
//! after one with others would be misread, so that one is a reject, and lines with another
//! number of columns are too.
//!
//! The message is the request (`GET /index.html 200`) or, without one, the line after its
//! time. The level is the status's. `s-sitename` is the service, `s-computername` the host.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, http};
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules, Zone};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "w3c",
    about: "#Fields: date time … and lines of these (IIS, CloudFront)",
    recognise: |sample| {
        let fields = sample.iter().find_map(|line| line.strip_prefix(DIRECTIVE))?;
        Some(Arc::new(W3c::of(fields)?))
    },
};

const DIRECTIVE: &str = "#Fields:";

struct W3c {
    directive: String,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    part: Part,
}

/// What a column is of the record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Date,
    Time,
    Service,
    Host,
    /// A piece of the message: method, path, query, status.
    Request(usize),
    Field,
}

const REQUEST_PARTS: usize = 4;
/// The place of the status among them.
const STATUS: usize = 3;

impl W3c {
    /// The columns of a `#Fields:` directive, if they have a date and a time.
    fn of(fields: &str) -> Option<W3c> {
        let columns: Vec<Column> = fields
            .split_ascii_whitespace()
            .map(|name| name.trim_matches('"'))
            .map(|name| Column { name: name.to_owned(), part: part_of(name) })
            .collect();
        let has = |part| columns.iter().any(|column| column.part == part);
        let directive = fields.trim().to_owned();
        (has(Part::Date) && has(Part::Time)).then_some(W3c { directive, columns })
    }
}

fn part_of(name: &str) -> Part {
    match name {
        "date" => Part::Date,
        "time" => Part::Time,
        "s-sitename" => Part::Service,
        "s-computername" => Part::Host,
        "cs-method" => Part::Request(0),
        "cs-uri-stem" => Part::Request(1),
        "cs-uri-query" => Part::Request(2),
        "sc-status" => Part::Request(STATUS),
        _ => Part::Field,
    }
}

/// The message of a request: `GET /search?q=a 200`.
fn request([method, path, query, status]: [&str; REQUEST_PARTS]) -> Option<String> {
    if method.is_empty() && path.is_empty() {
        return None;
    }
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    Some(format!("{method} {path}{query} {status}").trim().to_owned())
}

impl Format for W3c {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        _rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if let Some(comment) = line.strip_prefix('#') {
            return Err(match comment.strip_prefix(&DIRECTIVE[1..]) {
                Some(fields) if fields.trim() != self.directive => {
                    Mismatch::Broken("other #Fields than the first of the source")
                }
                _ => Mismatch::Skip,
            });
        }
        const WRONG: Mismatch = Mismatch::Broken("wrong number of columns");
        let mut cursor = Cursor::new(line);
        let (mut date, mut time, mut rest) = ("", "", line);
        let mut parts = [""; REQUEST_PARTS];
        for column in &self.columns {
            let value = value(&mut cursor).ok_or(WRONG)?;
            match column.part {
                Part::Date => (date, rest) = (value, cursor.rest()),
                Part::Time => (time, rest) = (value, cursor.rest()),
                _ if matches!(value, "-" | "") => {}
                Part::Service => record.service = Some(Cow::Borrowed(value)),
                Part::Host => record.host = Some(Cow::Borrowed(value)),
                Part::Request(place) => {
                    parts[place] = value;
                    record.fields.typed(&column.name, value);
                }
                Part::Field => record.fields.typed(&column.name, value),
            }
        }
        if !cursor.is_at_end() {
            return Err(WRONG);
        }
        let ts = TimeRules::new(Zone::UTC, 0).whole(&format!("{date} {time}"));
        record.ts = ts.ok_or(Mismatch::Broken("unreadable timestamp"))?;
        record.level = parts[STATUS].parse().ok().map(http::level_of_status);
        record.message = request(parts).map_or(Cow::Borrowed(rest), Cow::Owned);
        Ok(())
    }

    fn takes_continuations(&self) -> bool {
        false
    }
}

/// The next value and the blanks after it; values with blanks stand in quotes.
fn value<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let mut probe = *cursor;
    if probe.eat(b'"')
        && let Some(quoted) = probe.until("\"")
    {
        probe.skip_spaces();
        *cursor = probe;
        return Some(quoted);
    }
    cursor.word()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_no_records() {
        let format = W3c::of(" date time a b").unwrap();
        let rules = TimeRules::new(Zone::UTC, 0);
        for (line, expected) in [
            ("2026-01-05 00:00:00 x \"y z\"", Ok(())),
            ("2026-01-05 00:00:00 x", Err(Mismatch::Broken("wrong number of columns"))),
            ("2026-01-05 00:00:00 x y z", Err(Mismatch::Broken("wrong number of columns"))),
            ("today now x y", Err(Mismatch::Broken("unreadable timestamp"))),
            ("", Err(Mismatch::Broken("wrong number of columns"))),
            ("#Software: x", Err(Mismatch::Skip)),
            ("#Fields:  date time a b ", Err(Mismatch::Skip)),
            (
                "#Fields: date time b a",
                Err(Mismatch::Broken("other #Fields than the first of the source")),
            ),
        ] {
            assert_eq!(format.parse(line, &rules, &mut Record::default()), expected, "{line}");
        }
        assert!(W3c::of("time a").is_none());
    }
}
