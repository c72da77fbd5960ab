//! The logs of Microsoft's Configuration Manager, Intune and the scripts that write for CMTrace.
//!
//! ```text
//! <![LOG[Starting agent]LOG]!><time="10:11:12.123-60" date="01-05-2026" component="CcmExec" context="" type="1" thread="812" file="x.cpp:1">
//! Starting agent  $$<CcmExec><01-05-2026 10:11:12.123-60><thread=812 (0x32C)>
//! ```
//!
//! The second is what the site's server writes; it has no type. The component is the service; type 2 is a warning, type 3 an error. The number behind the time
//! is Windows' bias: the minutes to *add* to get to UTC (`-60` in Berlin in winter; Win32's
//! `TIME_ZONE_INFORMATION`). The message may have several lines.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Micros, Record};

pub const KIND: Kind = Kind {
    name: "cmtrace",
    about: r#"<![LOG[message]LOG]!><time="10:11:12.123-60" date="01-05-2026" … (SCCM, Intune)"#,
    recognise: |_| Some(Arc::new(CmTrace)),
};

const BEGINNING: &str = "<![LOG[";
const END: &str = "]LOG]!><";
/// There are seven.
const ATTRIBUTES_MAX: usize = 16;

struct CmTrace;

impl Format for CmTrace {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let Some(text) = line.strip_prefix(BEGINNING) else {
            return of_server(line, rules, record).ok_or(Mismatch::Foreign);
        };
        let end = memchr::memmem::rfind(text.as_bytes(), END.as_bytes());
        let end = end.ok_or(Mismatch::Incomplete)?;
        record.message = Cow::Borrowed(&text[..end]);
        let mut cursor = Cursor::new(&text[end + END.len()..]);
        let (mut time, mut date) = ("", "");
        for _ in 0..ATTRIBUTES_MAX {
            let Some(name) = cursor.until_within("=\"", 32) else { break };
            let value = cursor.until("\"").ok_or(Mismatch::Broken("an attribute does not end"))?;
            cursor.skip_spaces();
            match (name, value) {
                ("time", _) => time = value,
                ("date", _) => date = value,
                (_, "") => {}
                ("component", _) => record.service = Some(Cow::Borrowed(value)),
                ("type", _) => record.level = level(value),
                _ => record.fields.typed(name, value),
            }
        }
        record.ts = instant(date, time, rules).ok_or(Mismatch::Broken("no time in the line"))?;
        Ok(())
    }

    fn joins_lines(&self) -> bool {
        true
    }

    fn takes_continuations(&self) -> bool {
        false
    }

    fn starts(&self, line: &str, rules: &TimeRules) -> bool {
        line.starts_with(BEGINNING) || of_server(line, rules, &mut Record::default()).is_some()
    }
}

/// `message  $$<component><date time><thread=812 (0x32C)>`.
fn of_server<'a>(line: &'a str, rules: &TimeRules, record: &mut Record<'a>) -> Option<()> {
    let (text, tail) = line.trim_end().strip_suffix('>')?.rsplit_once("$$<")?;
    let mut values = tail.split("><");
    let (component, stamp, thread) = (values.next()?, values.next()?, values.next()?);
    let (date, time) = stamp.split_once(' ')?;
    record.ts = instant(date, time, rules)?;
    record.service = Some(Cow::Borrowed(component));
    let thread = thread.strip_prefix("thread=")?;
    record.fields.typed("thread", thread.split(' ').next().unwrap_or(thread));
    record.message = Cow::Borrowed(text.trim_end());
    Some(())
}

fn level(kind: &str) -> Option<Level> {
    match kind {
        "1" => Some(Level::Info),
        "2" => Some(Level::Warn),
        "3" => Some(Level::Error),
        _ => None,
    }
}

/// `01-05-2026` and `10:11:12.123-60`: month, day and year, the time, and perhaps the bias.
fn instant(date: &str, time: &str, rules: &TimeRules) -> Option<Micros> {
    let mut parts = date.split('-');
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    let bias_at = time.find(['+', '-']).unwrap_or(time.len());
    let (time, bias) = time.split_at(bias_at);
    let zone = match bias.parse::<i32>() {
        Ok(bias) => {
            let sign = if bias > 0 { '-' } else { '+' };
            format!("{sign}{:02}:{:02}", bias.abs() / 60, bias.abs() % 60)
        }
        Err(_) if bias.is_empty() => String::new(),
        Err(_) => return None,
    };
    rules.whole(&format!("{year}-{month:0>2}-{day:0>2} {time}{zone}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Zone;

    #[test]
    fn the_bias_is_added_to_get_to_utc() {
        let rules = TimeRules::new(Zone::from_name("+02:00").unwrap(), 0);
        let ten = Some(1_767_607_200_000_000);
        for (date, time) in [
            ("01-05-2026", "11:00:00.000-60"),
            ("01-05-2026", "05:00:00.000+300"),
            ("1-5-2026", "10:00:00.000+000"),
            ("1-5-2026", "12:00:00.0000000"),
        ] {
            assert_eq!(instant(date, time, &rules), ten, "{time}");
        }
        assert_eq!(instant("01-05", "10:00:00", &rules), None);
        assert_eq!(instant("01-05-2026", "10:00:00+x", &rules), None);
    }
}
