//! The usual names of timestamp, level, service, host and message, in the formats whose
//! values have names: JSON, logfmt, CSV, W3C, custom patterns.
//!
//! Names are compared without case and without `_`, `-`, `.` and blanks: `log.level`,
//! `log_level` and `LogLevel` are one name. They are those of pino, bunyan, winston, zap,
//! zerolog, logrus, slog, logback, log4j2, Serilog, structlog, python-json-logger, hclog,
//! GELF, ECS, OpenTelemetry, Google Cloud, CloudTrail, Monolog, PostgreSQL, Fluent Bit.

use crate::parse::TimeRules;
use crate::parse::level::{level_of_letter, level_of_severity, level_of_tens, level_of_word};
use crate::record::{Level, Micros};

/// The longest name in [`role_of`] and [`super::json`], without separators.
const NAME_BYTES_MAX: usize = 24;

/// What a named value is for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Time,
    /// A day, whose time of day may have a name of its own.
    Date,
    Level,
    Service,
    /// A part of a program: a service only where the format has nothing better.
    Component,
    Host,
    Message,
}

/// Lower is better: of two values for one role the better is taken, the other is a field.
pub type Rank = u8;

/// From this rank on a message is a stand-in: it is copied, and stays a field as well.
pub const STAND_IN: Rank = 10;

/// From this rank on a name only speaks of a time: what a source's values tell goes before.
pub const WEAK_TIME: Rank = 6;

/// A name in its normal form.
pub struct Name {
    bytes: [u8; NAME_BYTES_MAX],
    length: usize,
}

impl Name {
    /// `None` for a name that is too long to be known.
    #[inline]
    pub fn of(key: &str) -> Option<Name> {
        let mut name = Name { bytes: [0; NAME_BYTES_MAX], length: 0 };
        if key.len() > NAME_BYTES_MAX + 4 {
            return None;
        }
        for byte in key.bytes() {
            if !matches!(byte, b'_' | b'-' | b'.' | b' ') {
                *name.bytes.get_mut(name.length)? = byte.to_ascii_lowercase();
                name.length += 1;
            }
        }
        Some(name)
    }

    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The role of a key, by its name alone.
#[inline]
pub fn role_of(key: &str) -> Option<(Role, Rank)> {
    role_of_name(&Name::of(key)?)
}

/// The same for a name in its normal form.
#[inline]
pub fn role_of_name(name: &Name) -> Option<(Role, Rank)> {
    let name = name.as_bytes();
    // Spares the comparisons for many of the names that have no role (`user`, `url`, `version`).
    if matches!(name.first()?, b'g' | b'j' | b'k' | b'n' | b'q' | b'u'..=b'z') {
        return other_time_name(name);
    }
    time_name(name)
        .or_else(|| core_name(name))
        .or_else(|| message_name(name))
        .or_else(|| other_time_name(name))
}

/// Names of times that others go before, and names that nothing is known of but that they speak of
/// a time: `TimeCreated`, `log_date`. Only a value that is a time makes them one.
fn other_time_name(name: &[u8]) -> Option<(Role, Rank)> {
    if let b"occurredat" | b"loggedat" | b"emittedat" | b"recordedat" | b"published"
    | b"publishedat" | b"dt" | b"tsms" | b"eventts" | b"logts" | b"msec" | b"epoch"
    | b"epochms" | b"epochmillis" | b"when" = name
    {
        return Some((Role::Time, WEAK_TIME));
    }
    // Later than the record.
    if let b"receivedat" | b"ingestedat" = name {
        return Some((Role::Time, 8));
    }
    let has = |part: &[u8]| memchr::memmem::find(name, part).is_some();
    let speaks_of_time = name.starts_with(b"time")
        || name.ends_with(b"time")
        || name.starts_with(b"date")
        || name.ends_with(b"date")
        || has(b"timestamp");
    (speaks_of_time && !speaks_of_another(name)).then_some((Role::Time, 8))
}

/// Whether a name is that of a time of something else than the record: `expires`, `last_login`.
pub fn is_other_time(key: &str) -> bool {
    Name::of(key).is_some_and(|name| speaks_of_another(name.as_bytes()))
}

fn speaks_of_another(name: &[u8]) -> bool {
    const OTHERS: [&[u8]; 12] = [
        b"expir",
        b"birth",
        b"due",
        b"valid",
        b"until",
        b"next",
        b"last",
        b"modif",
        b"dead",
        b"uptime",
        b"runtime",
        b"lifetime",
    ];
    OTHERS.iter().any(|other| memchr::memmem::find(name, other).is_some())
}

fn time_name(name: &[u8]) -> Option<(Role, Rank)> {
    let rank = match name {
        b"@timestamp" | b"@t" | b"timeunixnano" => 0,
        b"timestamp" => 1,
        b"time" | b"ts" | b"instant" | b"timemillis" => 2,
        b"datetime" | b"asctime" | b"eventtime" | b"eventtimestamp" | b"logtime"
        | b"logtimestamp" | b"timeiso8601" | b"isodate" | b"timelocal" | b"timegenerated" => 3,
        b"created"
        | b"createdat"
        | b"t"
        | b"starttime"
        | b"startutc"
        | b"at"
        | b"requestreceivedtimestamp" => 4,
        b"observedtimeunixnano"
        | b"observedtimestamp"
        | b"receivetimestamp"
        | b"stagetimestamp" => 5,
        // Cloudflare's requests.
        b"edgestarttimestamp" => 5,
        b"edgeendtimestamp" => 6,
        b"date" => return Some((Role::Date, 3)),
        _ => return None,
    };
    Some((Role::Time, rank))
}

fn core_name(name: &[u8]) -> Option<(Role, Rank)> {
    Some(match name {
        b"loglevel" | b"levelname" | b"@l" | b"@level" | b"leveldisplayname" => (Role::Level, 0),
        b"level" | b"severitytext" | b"eventlevelname" => (Role::Level, 1),
        b"severity" | b"lvl" | b"errorseverity" | b"syslogseverity" => (Role::Level, 2),
        b"priority" | b"severitynumber" | b"levelno" | b"sev" => (Role::Level, 3),

        b"service" | b"servicename" => (Role::Service, 0),
        b"svc" | b"ddservice" => (Role::Service, 1),
        b"app" | b"appname" | b"application" | b"applicationname" => (Role::Service, 2),
        b"program" | b"programname" | b"syslogidentifier" => (Role::Service, 3),
        // CloudTrail: the service that was called.
        b"eventsource" => (Role::Service, 4),
        b"component" => (Role::Component, 0),
        b"logger" | b"loggername" | b"loglogger" => (Role::Component, 1),

        b"hostname" => (Role::Host, 0),
        b"hosthostname" => (Role::Host, 1),
        b"host" => (Role::Host, 2),
        b"machinename" | b"computername" | b"computer" => (Role::Host, 3),
        // rsyslog, by default.
        b"fromhost" => (Role::Host, 4),
        _ => return None,
    })
}

fn message_name(name: &[u8]) -> Option<(Role, Rank)> {
    let rank = match name {
        b"message" | b"@message" | b"@m" | b"renderedmessage" => 0,
        b"msg" | b"shortmessage" | b"textpayload" | b"fieldsmessage" => 1,
        b"formattedmessage" | b"logmessage" => 2,
        b"body" => 3,
        b"event" | b"log" => 4,
        b"text" => 5,
        b"content" | b"description" | b"displaymessage" | b"rendereddescription" => 6,
        // Azure.
        b"resultdescription" => 7,
        b"eventname" => STAND_IN,
        b"error" | b"err" | b"errormessage" | b"errormsg" => STAND_IN + 1,
        b"eventtype" => STAND_IN + 2,
        b"request" | b"requesturi" | b"clientrequesturi" => STAND_IN + 3,
        _ => return None,
    };
    Some((Role::Message, rank))
}

/// A level as values spell it: a word, perhaps with slog's distance (`INFO+2`); a letter,
/// perhaps with MongoDB's verbosity (`D1`); a number of syslog (0 to 7) or of the Node
/// loggers (10 to 60).
pub fn level_of_text(text: &str) -> Option<Level> {
    let text = text.trim();
    if let Some(level) = level_of_word(text) {
        return Some(level);
    }
    match text.as_bytes() {
        [b'0'..=b'7'] => level_of_severity(text.parse().ok()?),
        [b'1'..=b'6', b'0'..=b'9'] => level_of_tens(text.parse().ok()?),
        [letter] | [letter @ b'D', b'1'..=b'5'] => level_of_letter(letter.to_ascii_uppercase()),
        _ => {
            let (word, distance) = text.split_at_checked(text.find(['+', '-'])?)?;
            let is_number = distance.len() > 1 && distance[1..].bytes().all(|b| b.is_ascii_digit());
            if is_number { level_of_word(word) } else { None }
        }
    }
}

/// A timestamp as values spell it, which may be in any spelling but nothing else.
pub fn time_of_text(text: &str, rules: &TimeRules) -> Option<Micros> {
    rules
        .whole(text)
        .or_else(|| time_of_date_call(text.trim()))
        .or_else(|| time_with_zone_name(text.trim(), rules))
        .or_else(|| time_of_minutes(text.trim(), rules))
}

/// `/Date(1767607872123)/`, as .NET and PowerShell write milliseconds since 1970, perhaps with the
/// zone that they were in.
fn time_of_date_call(text: &str) -> Option<Micros> {
    let call = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let digits = call.split(['+', '-']).next()?;
    let zone = &call[digits.len()..];
    let is_zone =
        zone.is_empty() || zone.len() == 5 && zone[1..].bytes().all(|b| b.is_ascii_digit());
    if is_zone { digits.parse::<i64>().ok()?.checked_mul(1_000) } else { None }
}

/// `2026-01-05 10:11`, as spreadsheets write it, and the same with a zone (ISO 8601, section 4.2.2.3):
/// `2026-01-05T10:11Z`, `2026-01-05T10:11+01:00`.
fn time_of_minutes(text: &str, rules: &TimeRules) -> Option<Micros> {
    let (minutes, zone) = text.split_at_checked(16)?;
    let is_minutes = minutes.as_bytes()[13] == b':'
        && matches!(zone.as_bytes().first(), None | Some(b'Z' | b'z' | b'+' | b'-'));
    if is_minutes { rules.whole(&format!("{minutes}:00{zone}")) } else { None }
}

/// `2026-01-05 10:11:12.123 CST`, as PostgreSQL writes it: an abbreviation that means
/// several zones is read as if there were none.
fn time_with_zone_name(text: &str, rules: &TimeRules) -> Option<Micros> {
    let (stamp, zone) = text.rsplit_once(' ')?;
    let is_name = (3..=5).contains(&zone.len()) && zone.bytes().all(|b| b.is_ascii_uppercase());
    if is_name { rules.whole(stamp) } else { None }
}

/// A time of day that leaves the day to another value: `10:11:12.123`.
pub fn is_time_of_day(text: &str) -> bool {
    matches!(text.as_bytes(), [b'0'..=b'2', b'0'..=b'9', b':', ..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Zone;

    #[test]
    fn names_are_compared_without_case_and_separators() {
        for (key, role) in [
            ("log.level", Some((Role::Level, 0))),
            ("LOG_LEVEL", Some((Role::Level, 0))),
            ("LogLevel", Some((Role::Level, 0))),
            ("@timestamp", Some((Role::Time, 0))),
            ("Service Name", Some((Role::Service, 0))),
            ("host-name", Some((Role::Host, 0))),
            ("requestReceivedTimestamp", Some((Role::Time, 4))),
            ("", None),
            ("TimeCreated", Some((Role::Time, 8))),
            ("Date and Time", Some((Role::Time, 8))),
            ("occurred_at", Some((Role::Time, WEAK_TIME))),
            ("LevelDisplayName", Some((Role::Level, 0))),
            ("expiry_time", None),
            ("last_login_time", None),
            ("user", None),
            ("____________________________________", None),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaa", None),
            ("tüme", None),
        ] {
            assert_eq!(role_of(key), role, "{key}");
        }
    }

    #[test]
    fn levels_of_values() {
        for (text, level) in [
            (" INFO ", Some(Level::Info)),
            ("WARN+2", Some(Level::Warn)),
            ("DEBUG-4", Some(Level::Debug)),
            ("3", Some(Level::Error)),
            ("30", Some(Level::Info)),
            ("D2", Some(Level::Debug)),
            ("w", Some(Level::Warn)),
            ("8", None),
            ("200", None),
            ("INFO+", None),
            ("é+1", None),
            ("", None),
        ] {
            assert_eq!(level_of_text(text), level, "{text}");
        }
    }

    #[test]
    fn dates_as_calls() {
        let rules = TimeRules::new(Zone::UTC, 0);
        for (text, at) in [
            ("/Date(1767607872123)/", Some(1_767_607_872_123_000)),
            ("/Date(1767607872123+0100)/", Some(1_767_607_872_123_000)),
            ("/Date(1767607872123+01)/", None),
            ("/Date(-62135596800000)/", None),
            ("/Date(x)/", None),
        ] {
            assert_eq!(time_of_text(text, &rules), at, "{text}");
        }
    }

    #[test]
    fn an_ambiguous_zone_is_not_guessed() {
        let rules = TimeRules::new(Zone::from_name("Europe/Berlin").unwrap(), 0);
        let at = time_of_text("2026-01-05 01:00:00.000 CST", &rules);
        assert_eq!(at, Some(1_767_571_200_000_000));
        assert_eq!(time_of_text("2026-01-05 01:00:00 more", &rules), None);
    }

    #[test]
    fn seconds_may_be_left_out() {
        let rules = TimeRules::new(Zone::UTC, 0);
        for text in ["2026-01-05 00:00", "2026-01-05T00:00Z", "2026-01-05T01:00+01:00"] {
            assert_eq!(time_of_text(text, &rules), Some(1_767_571_200_000_000), "{text}");
        }
        for text in [
            "2026-01-05 00:00 more",
            "2026-01-05T00:00Zebra",
            "2026-01-05T00:00-",
            "é".repeat(9).as_str(),
        ] {
            assert_eq!(time_of_text(text, &rules), None, "{text}");
        }
    }
}
