//! Chromium, Electron and what else logs with Chromium's base/logging.cc
//! (`LogMessage::InitWithChromePrefix`, in the order of its switches).
//!
//! ```text
//! [812:813:0105/101112.123456:ERROR:gpu_process_host.cc(982)] message
//! [0105/101112.123:WARNING:ssl_client_socket.cc:878] message
//! ```

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_word;
use crate::parse::scan::Cursor;
use crate::parse::time::{Date, Stamp, read_six_and_six};
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Level, Micros, Record};

pub const KIND: Kind = Kind {
    name: "chromium",
    about: "[812:813:0105/101112.123456:ERROR:file.cc(982)] message (Chromium, Electron)",
    recognise: |_| Some(Arc::new(Chromium)),
};

struct Chromium;

impl Format for Chromium {
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
        let head = cursor.bracket().ok_or(Mismatch::Foreign)?;
        read_head(head, rules, record).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// `PID:TID:0105/101112.123456:ERROR:file.cc(982)`.
fn read_head(head: &str, rules: &TimeRules, record: &mut Record<'_>) -> Option<()> {
    let mut rest = head;
    for name in ["pid", "tid"] {
        if let Some((number, after)) = rest.split_once(':')
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
        {
            record.fields.typed(name, number);
            rest = after;
        }
    }
    let (stamp, rest) = rest.split_once(':')?;
    record.ts = time_of(stamp, rules)?;
    let (level, place) = rest.split_once(':')?;
    record.level = Some(level_of(level)?);
    store_place(place, &mut record.fields);
    Some(())
}

/// `0105/101112.123456`: month and day, hour, minute and second.
fn time_of(stamp: &str, rules: &TimeRules) -> Option<Micros> {
    let (day, time) = stamp.split_once('/').filter(|(day, _)| day.len() == 4)?;
    // In a year that has every day.
    let whole = format!("24{day} {time}");
    match read_six_and_six(whole.as_bytes())? {
        (Stamp::Civil { date: Date::Full { month, day, .. }, time, zone }, length)
            if length == whole.len() =>
        {
            rules.resolve(Stamp::Civil { date: Date::NoYear { month, day }, time, zone })
        }
        _ => None,
    }
}

fn level_of(word: &str) -> Option<Level> {
    match word.strip_prefix("VERBOSE") {
        Some(number) if number.bytes().all(|b| b.is_ascii_digit()) => Some(Level::Debug),
        _ => level_of_word(word.trim_end_matches("_REPORT")),
    }
}

/// `file.cc(982)` or `path/file.cc:982`.
fn store_place(place: &str, fields: &mut Fields) {
    let place = place.trim_end_matches(')');
    match place.rsplit_once(['(', ':']) {
        Some((file, line)) => {
            fields.str("file", file);
            fields.typed("line", line);
        }
        None => fields.str("file", place),
    }
}
