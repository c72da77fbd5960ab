//! What a number is as a level: decided once for a source, from all numbers and names in its first
//! lines. Read one by one, a harmless debug line of one logger is a fatal one of another.

use super::super::names::{self, Name, Role};
use super::value::{Object, Value};
use crate::parse::level::{level_of_severity, level_of_tens};
use crate::record::Level;

/// A logger's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// 0 emergency to 7 debug (RFC 5424, GELF), and 10 trace to 60 fatal of pino and bunyan.
    #[default]
    Usual,
    /// 0 debug to 4 fatal: ownCloud, Nextcloud.
    Nextcloud,
    /// 1 critical to 5 verbose: Windows' events.
    Windows,
    /// 0 trace to 5 critical: `LogLevel` of .NET.
    DotNet,
    /// 10 debug to 50 critical: Python.
    Python,
}

impl Scale {
    pub fn level(self, number: i64) -> Option<Level> {
        use Level::{Debug, Error, Fatal, Info, Trace, Warn};
        let from_zero =
            |levels: &[Level]| usize::try_from(number).ok().and_then(|at| levels.get(at)).copied();
        match self {
            Scale::Usual if number < 10 => level_of_severity(number),
            Scale::Usual => level_of_tens(number),
            Scale::Nextcloud => from_zero(&[Debug, Info, Warn, Error, Fatal]),
            Scale::Windows => from_zero(&[Info, Fatal, Error, Warn, Info, Debug]),
            Scale::DotNet => from_zero(&[Trace, Debug, Info, Warn, Error, Fatal]),
            Scale::Python => match number {
                1..10 => Some(Trace),
                10..20 => Some(Debug),
                20..30 => Some(Info),
                30..40 => Some(Warn),
                40..50 => Some(Error),
                50..=99 => Some(Fatal),
                _ => None,
            },
        }
    }

    /// The scale of the objects in these lines.
    pub fn of_lines(lines: &[&str]) -> Scale {
        let mut evidence = Evidence::default();
        for line in lines {
            if let Some(brace) = line.find('{') {
                evidence.add(&line[brace..]);
            }
        }
        evidence.scale()
    }
}

/// What the first lines show.
#[derive(Default)]
struct Evidence {
    /// How often each of 0 to 9 is a level, and numbers above.
    ones: [usize; 10],
    tens: usize,
    /// Members that only one kind of logger writes.
    nextcloud: usize,
    windows: usize,
    gelf: usize,
    python: usize,
    dot_net: usize,
}

impl Evidence {
    fn add(&mut self, text: &str) {
        let Ok(mut object) = Object::open(text) else { return };
        while let Ok(Some((key, value))) = object.next() {
            let Some(name) = key.raw_string().and_then(Name::of) else { continue };
            match name.as_bytes() {
                b"reqid" | b"remoteaddr" | b"app" => self.nextcloud += 1,
                b"eventid" | b"providername" | b"channel" | b"eventrecordid" | b"recordid"
                | b"logname" | b"leveldisplayname" => self.windows += 1,
                // Azure's records have the same numbers.
                b"resourceid" | b"category" | b"operationname" => self.windows += 1,
                b"shortmessage" => self.gelf += 1,
                b"lineno" | b"funcname" | b"levelname" | b"processname" => self.python += 1,
                b"eventid.id" | b"categoryname" => self.dot_net += 1,
                b"loglevel" if number(value).is_some() => self.dot_net += 2,
                _ => {}
            }
            if let Some((Role::Level, _)) = names::role_of_name(&name)
                && let Some(number) = number(value)
            {
                match usize::try_from(number) {
                    Ok(one) if one < self.ones.len() => self.ones[one] += 1,
                    _ => self.tens += 1,
                }
            }
        }
    }

    fn scale(&self) -> Scale {
        let lines: usize = self.ones.iter().sum::<usize>() + self.tens;
        let largest = self.ones.iter().rposition(|count| *count > 0).unwrap_or(0);
        // Most lines of most logs say that all is well, which is a small number here and one
        // of emergencies in syslog.
        let is_ascending = self.ones[..=2].iter().sum::<usize>() * 2 > lines;
        match () {
            () if lines == 0 || self.gelf > 0 => Scale::Usual,
            () if self.tens > 0 && self.python >= lines => Scale::Python,
            () if self.tens > 0 => Scale::Usual,
            () if self.nextcloud >= 3 * lines => Scale::Nextcloud,
            () if self.windows >= 2 * lines && largest <= 5 => Scale::Windows,
            () if self.dot_net >= 2 * lines && largest <= 6 => Scale::DotNet,
            () if largest <= 4 && is_ascending => Scale::Nextcloud,
            () if largest <= 5 && is_ascending => Scale::DotNet,
            () => Scale::Usual,
        }
    }
}

/// The number that a value is, also in quotes.
pub fn number(value: Value<'_>) -> Option<i64> {
    let text = value.raw_string().or_else(|| value.scalar())?;
    (text.len() <= 3).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(lines: &[&str]) -> Scale {
        Scale::of_lines(lines)
    }

    #[test]
    fn a_source_has_one_scale() {
        for (lines, expected) in [
            (&[r#"{"level":30,"time":1}"#, r#"{"level":20}"#][..], Scale::Usual),
            (&[r#"{"level":6,"short_message":"x"}"#], Scale::Usual),
            (&[r#"{"level":1,"short_message":"x"}"#], Scale::Usual),
            (&[r#"{"severity":6}"#, r#"{"severity":3}"#], Scale::Usual),
            (&[r#"{"level":3}"#], Scale::Usual),
            (&[r#"{"reqId":"a","level":3,"remoteAddr":"b","app":"c"}"#], Scale::Nextcloud),
            (&[r#"{"level":1}"#, r#"{"level":0}"#, r#"{"level":3}"#], Scale::Nextcloud),
            (&[r#"{"Level":4,"EventID":7,"Channel":"System"}"#], Scale::Windows),
            (&[r#"{"Level":1,"ProviderName":"a","LogName":"System"}"#], Scale::Windows),
            (&[r#"{"resourceId":"/a","category":"b","level":"4"}"#], Scale::Windows),
            (&[r#"{"LogLevel":2}"#], Scale::DotNet),
            (&[r#"{"level":20,"lineno":7,"funcName":"x"}"#], Scale::Python),
            (&["no JSON", ""], Scale::Usual),
        ] {
            assert_eq!(scale(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn numbers_are_levels_of_their_scale() {
        for (scale, number, level) in [
            (Scale::Usual, 0, Some(Level::Fatal)),
            (Scale::Usual, 30, Some(Level::Info)),
            (Scale::Usual, 99, None),
            (Scale::Nextcloud, 0, Some(Level::Debug)),
            (Scale::Nextcloud, 5, None),
            (Scale::Windows, 2, Some(Level::Error)),
            (Scale::DotNet, 5, Some(Level::Fatal)),
            (Scale::Python, 10, Some(Level::Debug)),
            (Scale::Python, -1, None),
        ] {
            assert_eq!(scale.level(number), level, "{scale:?} {number}");
        }
    }
}
