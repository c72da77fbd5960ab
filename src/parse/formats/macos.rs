//! macOS's unified log as `log show` and `log stream` print it (log(1), style
//! `default`). The older system.log is syslog.
//!
//! ```text
//! 2026-01-05 10:11:12.123456+0100 0x1a2b     Default     0x0                  812    0    cartd: (Store) [com.acme:sync] message
//! ```
//!
//! `Default` is the level of what is worth keeping, so it is INFO, as `Info` is;
//! `Fault` is FATAL. The process is the service.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Record};

pub const KIND: Kind = Kind {
    name: "macos",
    about: "2026-01-05 10:11:12.123456+0100 0x1a2b  Default  0x0  812  0  cartd: message",
    recognise: |_| Some(Arc::new(Macos)),
};

const NAME_BYTES_MAX: usize = 256;

struct Macos;

impl Format for Macos {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if line.starts_with("Timestamp  ") || line.starts_with("Filtering the log data ") {
            return Err(Mismatch::Skip);
        }
        if !line.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            return Err(Mismatch::Foreign);
        }
        let mut cursor = Cursor::new(line);
        record.ts = cursor.stamp(rules).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        read_columns(&mut cursor, record).ok_or(Mismatch::Foreign)?;
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

fn read_columns<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    let thread = cursor.word().filter(|word| word.starts_with("0x"))?;
    record.level = Some(match cursor.word()? {
        "Default" | "Info" | "Activity" => Level::Info,
        "Debug" => Level::Debug,
        "Error" => Level::Error,
        "Fault" => Level::Fatal,
        _ => return None,
    });
    let activity = cursor.word().filter(|word| word.starts_with("0x"))?;
    let pid = cursor.number_word()?;
    cursor.skip_spaces();
    // How long the line is to be kept.
    cursor.number_word()?;
    cursor.skip_spaces();
    let process = cursor.until_within(": ", NAME_BYTES_MAX)?;
    record.service = Some(Cow::Borrowed(process));
    record.fields.int("pid", pid);
    record.fields.str("tid", thread);
    if activity != "0x0" {
        record.fields.str("activity", activity);
    }
    let mut probe = *cursor;
    if let Some(sender) = probe.enclosed_within(b'(', b')', NAME_BYTES_MAX)
        && probe.skip_spaces()
    {
        record.fields.str("sender", sender);
        *cursor = probe;
    }
    if let Some(subsystem) = probe.bracket()
        && subsystem.contains(':')
        && probe.skip_spaces()
    {
        record.fields.str("subsystem", subsystem);
        *cursor = probe;
    }
    Some(())
}
