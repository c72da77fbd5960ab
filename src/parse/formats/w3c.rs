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
//! number of columns are too. Without a column for the date it is that of `#Date:`, if the source
//! has one day; a `#Date:` of another one is a reject.
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
        Some(Arc::new(W3c::of(fields, day_of(sample))?))
    },
};

const DIRECTIVE: &str = "#Fields:";
const DATE: &str = "#Date:";

struct W3c {
    directive: String,
    /// The day of all lines, where these say none.
    day: Option<String>,
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
    /// The columns of a `#Fields:` directive, if they have a time and, unless all lines are of a
    /// day, a date.
    fn of(fields: &str, day: Option<&str>) -> Option<W3c> {
        let columns: Vec<Column> = fields
            .split_ascii_whitespace()
            .map(|name| name.trim_matches('"'))
            .map(|name| Column { name: name.to_owned(), part: part_of(name) })
            .collect();
        let has = |part| columns.iter().any(|column| column.part == part);
        let directive = fields.trim().to_owned();
        let day = day.filter(|_| !has(Part::Date)).map(str::to_owned);
        let has_date = has(Part::Date) || day.is_some();
        (has_date && has(Part::Time)).then_some(W3c { directive, day, columns })
    }

    /// Why a directive says that the lines after it would be misread, or that it is a comment.
    fn directive(&self, line: &str) -> Mismatch {
        if line.strip_prefix(DIRECTIVE).is_some_and(|fields| fields.trim() != self.directive) {
            return Mismatch::Broken("other #Fields than the first of the source");
        }
        let other_day = |day: &String| day_of(&[line]).is_some_and(|other| other != day);
        if self.day.as_ref().is_some_and(other_day) {
            return Mismatch::Broken("another day in #Date than in the first of the source");
        }
        Mismatch::Skip
    }
}

/// The day of the `#Date:` directives in these lines, if it is one.
fn day_of<'s>(lines: &[&'s str]) -> Option<&'s str> {
    let dates = lines.iter().filter_map(|line| line.strip_prefix(DATE));
    let mut days = dates.filter_map(|date| date.split_ascii_whitespace().next());
    let first = days.next()?;
    days.all(|day| day == first).then_some(first)
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
        if line.starts_with('#') {
            return Err(self.directive(line));
        }
        const WRONG: Mismatch = Mismatch::Broken("wrong number of columns");
        let mut cursor = Cursor::new(line);
        let day = self.day.as_deref().unwrap_or_default();
        let (mut date, mut time, mut rest) = (day, "", line);
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
        let format = W3c::of(" date time a b", None).unwrap();
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
        assert!(W3c::of("time a", None).is_none());
    }

    #[test]
    fn a_day_may_be_said_once() {
        let sample = ["#Date: 2026-01-05 00:00:05", "#Fields: time a"];
        let format = (KIND.recognise)(&sample).unwrap();
        let rules = TimeRules::new(Zone::UTC, 0);
        let mut record = Record::default();
        assert_eq!(format.parse("00:00:00 x", &rules, &mut record), Ok(()));
        assert_eq!(record.ts, 1_767_571_200_000_000);
        for (line, expected) in [
            ("#Date: 2026-01-05 12:00:00", Mismatch::Skip),
            (
                "#Date: 2026-01-06 00:00:00",
                Mismatch::Broken("another day in #Date than in the first of the source"),
            ),
        ] {
            assert_eq!(format.parse(line, &rules, &mut Record::default()), Err(expected));
        }
        // Which lines are of which day cannot be known of a line.
        let other = ["#Date: 2026-01-05 00:00:05", "#Fields: time a", "#Date: 2026-01-06 0:00:00"];
        assert!((KIND.recognise)(&other).is_none());
    }
}
