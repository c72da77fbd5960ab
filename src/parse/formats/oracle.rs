//! The alert log of Oracle Database, and what else writes a stamp on a line of its own and the
//! text of the record below it.
//!
//! ```text
//! 2026-01-05T10:11:12.123456+01:00
//! ORCLPDB(3):Errors in file /u01/orcl_ora_812.trc:
//! ORA-01653: unable to extend table SHOP.ORDERS by 128 in tablespace USERS
//! ```
//!
//! An `ORA-` number at the beginning of a line makes an ERROR, `WARNING:` a WARN; other records
//! have no level. The first number is `error_code`.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::time::{Date, Stamp, read};
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Record};

pub const KIND: Kind = Kind {
    name: "oracle",
    about: "a stamp on a line of its own, then the text of the record (Oracle's alert log)",
    recognise: |sample| is_alert_log(sample).then(|| Arc::new(Oracle) as _),
};

/// Of the lines that begin with a stamp, this share must hold nothing else.
const ALONE_SHARE: f64 = 0.9;
/// A log that begins in the midst of a record needs as many stamps to be known.
const STAMPS_MIN: usize = 3;

struct Oracle;

fn is_alert_log(sample: &[&str]) -> bool {
    let mut lines = sample.iter().filter(|line| !line.trim().is_empty());
    let begins = lines.next().is_none_or(|line| is_stamp(line));
    let alone = sample.iter().filter(|line| is_stamp(line)).count();
    let stamped = sample.iter().filter(|line| read(line.as_bytes()).is_some()).count();
    (begins || alone >= STAMPS_MIN)
        && alone < sample.len().max(1)
        && alone as f64 >= stamped as f64 * ALONE_SHARE
}

/// A date and time with nothing after them.
fn is_stamp(line: &str) -> bool {
    let line = line.trim_end();
    matches!(
        read(line.as_bytes()),
        Some((Stamp::Civil { date: Date::Full { .. }, .. }, length)) if length == line.len()
    )
}

impl Format for Oracle {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        _rules: &TimeRules,
        _record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        Err(if is_stamp(line) { Mismatch::Head } else { Mismatch::Foreign })
    }

    fn continues(&self, _block: &str, line: &str, _rules: &TimeRules) -> bool {
        !is_stamp(line)
    }

    fn parse_block<'a>(
        &self,
        block: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        // A stamp without text says nothing.
        let (stamp, text) = block.split_once('\n').ok_or(Mismatch::Skip)?;
        let (ts, _) = rules.read(stamp).ok_or(Mismatch::Broken("unreadable timestamp"))?;
        record.ts = ts;
        for line in text.split('\n').map(|line| without_pdb(line.trim_start())) {
            if line.starts_with("ORA-") && record.level != Some(Level::Error) {
                let code = line.split([':', ' ']).next().unwrap_or_default();
                record.fields.str("error_code", code);
                record.level = Some(Level::Error);
            } else if line.get(..8).is_some_and(|word| word.eq_ignore_ascii_case("WARNING:")) {
                record.level = record.level.or(Some(Level::Warn));
            }
        }
        record.message = Cow::Borrowed(text.trim_end());
        Ok(())
    }

    fn joins_lines(&self) -> bool {
        true
    }

    fn starts(&self, line: &str, _rules: &TimeRules) -> bool {
        is_stamp(line)
    }
}

/// The line after `ORCLPDB(3):`, the database inside the database that it is about.
fn without_pdb(line: &str) -> &str {
    match line.split_once("):") {
        Some((name, rest)) if !name.contains(' ') && name.contains('(') => rest,
        _ => line,
    }
}
