//! Tables with a header: CSV (RFC 4180) with `,`, `;` or `|` between its cells, and TSV.
//!
//! ```text
//! timestamp,level,service,message,user
//! 2026-01-05 00:00:00.123,ERROR,payment,"Card declined, order 81233",13146
//! ```
//!
//! The header is the first line of the source that is not blank, or a later one behind text without
//! times, such as the legend of Microsoft's DHCP server. Its columns are found by
//! their [names], in any order, and where those are unknown by what the first rows hold
//! ([`header`]); the others become fields, typed by their looks. `date` (or `month`, `day`) and
//! `time` are one timestamp. Empty cells are nothing.
//!
//! Without a column for the message, the fields are the message; one column of text that has no
//! other meaning is the message itself. What stands before the header (PowerShell's `#TYPE …`, a
//! legend) is skipped.

mod header;
pub mod nps;
pub mod postgres;

use std::borrow::Cow;
use std::sync::Arc;

use header::{Column, Part};

use super::Kind;
use super::names;
use crate::parse::time::{self, read_six_and_six};
use crate::parse::{Format, Mismatch, TimeRules, Zone};
use crate::record::{Micros, Record};

pub const CSV: Kind = Kind {
    name: "csv",
    about: "a header with a timestamp (time,level,message), then cells between , ; or |",
    recognise: |sample| table("csv", b",;|", sample),
};

pub const TSV: Kind = Kind {
    name: "tsv",
    about: "a header with a timestamp, then cells between tabs",
    recognise: |sample| table("tsv", b"\t", sample),
};

/// Lines of text that may stand before the header: what a program says of its log.
const PREAMBLE_LINES_MAX: usize = 40;

/// Columns that one timestamp may be spread over: month, day, time.
const STAMP_COLUMNS_MAX: usize = 3;

fn table(name: &'static str, delimiters: &[u8], sample: &[&str]) -> Option<Arc<dyn Format>> {
    let is_text = |line: &str| !line.trim().is_empty() && !is_type(line);
    let mut preamble = Vec::new();
    for (at, line) in sample.iter().enumerate().filter(|(_, line)| is_text(line)) {
        let rows = &sample[at + 1..];
        let tables =
            delimiters.iter().filter_map(|&delimiter| Table::of(name, delimiter, line, rows));
        if let Some(widest) = tables.max_by_key(|table| table.columns.len())
            && (preamble.is_empty() || widest.begins(rows))
        {
            return Some(Arc::new(Table { preamble, ..widest }));
        }
        let is_record = time::read(line.trim_start().as_bytes()).is_some();
        if is_record || preamble.len() == PREAMBLE_LINES_MAX {
            break;
        }
        preamble.push((*line).to_owned());
    }
    None
}

/// `#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord`, before PowerShell's header.
fn is_type(line: &str) -> bool {
    line.starts_with("#TYPE ")
}

struct Table {
    name: &'static str,
    delimiter: u8,
    /// The lines before the header.
    preamble: Vec<String>,
    header: String,
    columns: Vec<Column>,
    has_message: bool,
}

impl Table {
    /// The table with this header and these lines after it, if it is one and has a timestamp.
    fn of(name: &'static str, delimiter: u8, header: &str, lines: &[&str]) -> Option<Table> {
        let columns = header::columns(header, delimiter, lines)?;
        let has_message = columns.iter().any(|column| column.part == Part::Message);
        let (preamble, header) = (Vec::new(), header.to_owned());
        Some(Table { name, delimiter, preamble, header, columns, has_message })
    }

    /// Whether the first of these lines is a row: what looks like a header in the middle of a text
    /// is one only with what follows it.
    fn begins(&self, lines: &[&str]) -> bool {
        let rules = TimeRules::new(Zone::UTC, 0);
        let first = lines.iter().find(|line| !line.trim().is_empty());
        let row = first.map(|line| self.row(line, &rules, &mut Record::default()));
        matches!(row, Some(Ok(()) | Err(Mismatch::Incomplete)))
    }

    /// Fills the record from a cell, which is not empty.
    #[inline]
    fn take<'a>(&self, column: &Column, cell: Cow<'a, str>, record: &mut Record<'a>) {
        match column.part {
            Part::Service => record.service = Some(cell),
            Part::Host => record.host = Some(cell),
            Part::Message => record.message = cell,
            Part::Level => match names::level_of_text(&cell) {
                Some(level) => record.level = Some(level),
                None => record.fields.typed(&column.name, &cell),
            },
            Part::Field | Part::Stamp(_) => {
                if !self.has_message {
                    push_pair(record.message.to_mut(), &column.name, &cell);
                }
                record.fields.typed(&column.name, &cell);
            }
        }
    }
}

/// `name=value`, with a blank before it if it is not the first.
fn push_pair(message: &mut String, name: &str, value: &str) {
    if !message.is_empty() {
        message.push(' ');
    }
    message.push_str(name);
    message.push('=');
    message.push_str(value);
}

impl Format for Table {
    fn name(&self) -> &str {
        self.name
    }

    fn reads_indented(&self) -> bool {
        true
    }

    #[inline]
    fn joins_lines(&self) -> bool {
        true
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        match self.row(line, rules, record) {
            Err(_) if self.preamble.iter().any(|known| known == line) => Err(Mismatch::Skip),
            outcome => outcome,
        }
    }

    /// Every line is a row; what is none must be seen.
    fn takes_continuations(&self) -> bool {
        false
    }
}

impl Table {
    fn row<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if line == self.header || is_type(line) {
            return Err(Mismatch::Skip);
        }
        const WRONG: Mismatch = Mismatch::Broken("wrong number of columns");
        let mut stamp: [Cow<str>; STAMP_COLUMNS_MAX] = Default::default();
        let mut cells = Cells { rest: Some(line), delimiter: self.delimiter };
        for column in &self.columns {
            let cell = match cells.next()? {
                None if column.is_extra => break,
                cell => cell.ok_or(WRONG)?,
            };
            match column.part {
                _ if cell.is_empty() => {}
                Part::Stamp(place) if place < STAMP_COLUMNS_MAX => stamp[place] = cell,
                _ => self.take(column, cell, record),
            }
        }
        if cells.next()?.is_some() {
            return Err(WRONG);
        }
        let ts = time_of(&stamp, rules);
        record.ts = ts.ok_or(Mismatch::Broken("unreadable timestamp"))?;
        Ok(())
    }
}

/// The time of a timestamp in pieces.
#[inline]
fn time_of(stamp: &[Cow<str>; STAMP_COLUMNS_MAX], rules: &TimeRules) -> Option<Micros> {
    if stamp[1].is_empty() {
        let text = &stamp[0];
        // A day alone is its beginning.
        let day = || rules.whole(&format!("{text} 00:00:00"));
        return names::time_of_text(text, rules).or_else(day);
    }
    let text = stamp.join(" ");
    let text = text.trim_end();
    let compact = || read_six_and_six(text.as_bytes()).filter(|(_, length)| *length == text.len());
    names::time_of_text(text, rules).or_else(|| rules.resolve(compact()?.0))
}

/// The cells of a line.
struct Cells<'a> {
    /// `None` after the last cell.
    rest: Option<&'a str>,
    delimiter: u8,
}

impl<'a> Cells<'a> {
    #[inline]
    fn next(&mut self) -> Result<Option<Cow<'a, str>>, Mismatch> {
        let Some(rest) = self.rest else { return Ok(None) };
        if let Some(quoted) = rest.strip_prefix('"') {
            return self.quoted(quoted).map(Some);
        }
        let cell = match memchr::memchr(self.delimiter, rest.as_bytes()) {
            Some(end) => {
                self.rest = Some(&rest[end + 1..]);
                &rest[..end]
            }
            None => {
                self.rest = None;
                rest
            }
        };
        Ok(Some(Cow::Borrowed(cell.trim_ascii())))
    }

    /// A cell in quotes, whose opening one was read.
    fn quoted(&mut self, text: &'a str) -> Result<Cow<'a, str>, Mismatch> {
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut is_doubled = false;
        loop {
            let Some(hit) = memchr::memchr(b'"', &bytes[at..]) else {
                return Err(Mismatch::Incomplete);
            };
            at += hit;
            if bytes.get(at + 1) != Some(&b'"') {
                break;
            }
            is_doubled = true;
            at += 2;
        }
        let after = text[at + 1..].trim_start_matches(' ');
        self.rest = match after.as_bytes().first() {
            None => None,
            Some(byte) if *byte == self.delimiter => Some(&after[1..]),
            Some(_) => return Err(Mismatch::Broken("text after a closing quote")),
        };
        let cell = &text[..at];
        Ok(if is_doubled { Cow::Owned(cell.replace("\"\"", "\"")) } else { Cow::Borrowed(cell) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(header: &str, line: &str) -> Result<String, Mismatch> {
        let format = (CSV.recognise)(&["", header]).unwrap();
        let mut record = Record::default();
        format.parse(line, &TimeRules::new(Zone::UTC, 1_795_348_800_000_000), &mut record)?;
        Ok(format!("{} {} | {}", record.ts / 1_000_000, record.message, record.fields.as_str()))
    }

    #[test]
    fn only_headers_with_a_timestamp_are_recognised() {
        for (header, is_header) in [
            ("Timestamp,Level,Message", true),
            ("time;msg", true),
            ("date|value", true),
            ("level,message", false),
            ("timestamp", false),
            ("2026-01-05 00:00:00,INFO,message", false),
            ("{\"time\":1,\"level\":2}", false),
            ("time: 12, level: 3", false),
            ("", false),
            ("\"time,level", false),
        ] {
            assert_eq!((CSV.recognise)(&[header]).is_some(), is_header, "{header}");
        }
        assert!((TSV.recognise)(&["time\tmsg"]).is_some());
        assert!((CSV.recognise)(&[]).is_none());
    }

    #[test]
    fn text_before_the_header_is_skipped() {
        let row = "7,2026-01-05,00:00:00,x";
        for (sample, is_table) in [
            (&["A Log", "", "00\tbegun", "ID,Date,Time,a", row][..], true),
            (&["A Log", "ID,Date,Time,a", "", row], true),
            // Without a row it is text, and what has a time is a record.
            (&["A Log", "ID,Date,Time,a"], false),
            (&["A Log", "ID,Date,Time,a", "b,c,d,e"], false),
            (&["2026-01-05 00:00:00 A", "ID,Date,Time,a", row], false),
        ] {
            let Some(format) = (CSV.recognise)(sample) else {
                assert!(!is_table, "{sample:?}");
                continue;
            };
            assert!(is_table, "{sample:?}");
            let parse =
                |line| format.parse(line, &TimeRules::new(Zone::UTC, 0), &mut Record::default());
            assert_eq!(parse(sample[0]), Err(Mismatch::Skip));
            assert_eq!(parse(row), Ok(()));
            assert_eq!(parse("else"), Err(Mismatch::Broken("wrong number of columns")));
        }
    }

    #[test]
    fn cells_are_read() {
        const BROKEN: Result<&str, Mismatch> = Err(Mismatch::Broken("wrong number of columns"));
        for (line, expected) in [
            ("1767571200,a", Ok("1767571200 a | ")),
            (r#""1767571200","a ""b"", c""#, Ok(r#"1767571200 a "b", c | "#)),
            ("1767571200,\"two\nlines\" ", Ok("1767571200 two\nlines | ")),
            ("1767571200,", Ok("1767571200  | ")),
            ("1767571200,\"a", Err(Mismatch::Incomplete)),
            ("1767571200,\"a\"\"", Err(Mismatch::Incomplete)),
            ("1767571200,\"a\"b", Err(Mismatch::Broken("text after a closing quote"))),
            ("1767571200", BROKEN),
            ("1767571200,a,b", BROKEN),
            ("", BROKEN),
            ("yesterday,a", Err(Mismatch::Broken("unreadable timestamp"))),
            ("ts,msg", Err(Mismatch::Skip)),
        ] {
            assert_eq!(outcome("ts,msg", line), expected.map(str::to_owned), "{line}");
        }
    }

    #[test]
    fn timestamps_in_pieces() {
        for (header, line, seconds) in [
            ("Date,Time,a", "2026-01-05,00:00:00,x", "1767571200"),
            ("Time,Date,a", "00:00:00,2026-01-05,x", "1767571200"),
            ("Month,Date,Time", "Jan,5,00:00:00", "1767571200"),
            ("Date,Day,Time", "Jan,5,00:00:00", "1767571200"),
            ("Date,Time,a", "260105,000000,x", "1767571200"),
            ("Date,value", "2026-01-05,1", "1767571200"),
            ("date,timestamp", "monday,1767571200", "1767571200"),
        ] {
            let found = outcome(header, line).unwrap();
            assert!(found.starts_with(seconds), "{header}: {found}");
        }
    }
}
