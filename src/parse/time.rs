//! Timestamps: every common spelling, and the rules for what a spelling leaves out.
//!
//! [`read`] recognises a timestamp at the beginning of a text and says how long it
//! is; [`TimeRules::resolve`] turns it into UTC microseconds. The rules:
//!
//! - **No zone**: the zone of `--timezone`, UTC unless given.
//! - **No year**: the latest year that does not put the timestamp more than a day
//!   after the reference (the file's modification time; now for streams).
//! - **No date** (`14:03:11.120`): the latest day, by the same rule with an hour.
//! - `01/02/2026` is January 2nd unless the first number is above 12;
//!   `01.02.2026` is February 1st unless the second is above 12.
//! - A local time that the clocks skipped or had twice is read with the offset
//!   before the change.
//! - Numbers are seconds, milli-, micro- or nanoseconds since 1970 by their size.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Offset, TimeZone};

use crate::record::Micros;

pub const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// A clock that runs ahead must not push a timestamp a whole year (or day) back.
const YEAR_SLACK: Micros = SECONDS_PER_DAY * MICROS_PER_SECOND;
const DAY_SLACK: Micros = 3_600 * MICROS_PER_SECOND;

/// A point in time as it was spelled, before the rules fill in what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// Unambiguous: an epoch number.
    Instant(Micros),
    Civil {
        date: Date,
        /// Microseconds since midnight. A leap second counts as the second after.
        time: Micros,
        /// Seconds east of UTC, if the spelling says.
        offset: Option<i32>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Date {
    Full { year: i32, month: u8, day: u8 },
    NoYear { month: u8, day: u8 },
    None,
}

/// The zone of timestamps that do not name one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    Fixed { seconds_east: i32 },
    Local,
    Named(chrono_tz::Tz),
}

impl Zone {
    pub const UTC: Zone = Zone::Fixed { seconds_east: 0 };

    /// Reads `UTC`, `local`, an offset (`+02:00`) or an IANA name (`Europe/Berlin`).
    pub fn from_name(name: &str) -> Option<Zone> {
        if name.eq_ignore_ascii_case("utc") || name == "Z" {
            return Some(Zone::UTC);
        }
        if name.eq_ignore_ascii_case("local") {
            return Some(Zone::Local);
        }
        if let Some((seconds_east, length)) = read_offset(name.as_bytes()) {
            return (length == name.len()).then_some(Zone::Fixed { seconds_east });
        }
        name.parse().ok().map(Zone::Named)
    }

    /// UTC microseconds of a civil time in this zone.
    fn to_utc(self, civil: Micros) -> Option<Micros> {
        match self {
            Zone::Fixed { seconds_east } => {
                Some(civil - i64::from(seconds_east) * MICROS_PER_SECOND)
            }
            Zone::Local => civil_in_zone(&chrono::Local, civil),
            Zone::Named(zone) => civil_in_zone(&zone, civil),
        }
    }
}

fn civil_in_zone<Z: TimeZone>(zone: &Z, civil: Micros) -> Option<Micros> {
    let naive = naive_from_micros(civil)?;
    let offset = match zone.offset_from_local_datetime(&naive) {
        chrono::LocalResult::Single(offset) => offset,
        chrono::LocalResult::Ambiguous(earlier, _) => earlier,
        // Skipped by the clocks: three hours earlier the old offset was in force.
        chrono::LocalResult::None => {
            zone.offset_from_local_datetime(&(naive - chrono::Duration::hours(3))).earliest()?
        }
    };
    Some(civil - i64::from(offset.fix().local_minus_utc()) * MICROS_PER_SECOND)
}

/// What is needed to make an instant of an incomplete spelling.
#[derive(Clone, Copy, Debug)]
pub struct TimeRules {
    pub zone: Zone,
    /// UTC; timestamps without a year or date are placed at or before it.
    pub reference: Micros,
}

impl TimeRules {
    pub fn new(zone: Zone, reference: Micros) -> TimeRules {
        TimeRules { zone, reference }
    }

    /// UTC microseconds, or `None` for a date that does not exist.
    pub fn resolve(&self, stamp: Stamp) -> Option<Micros> {
        match stamp {
            Stamp::Instant(micros) => Some(micros),
            Stamp::Civil { date: Date::Full { year, month, day }, time, offset } => {
                self.civil(days_from_civil(year, month, day)?, time, offset)
            }
            Stamp::Civil { date: Date::NoYear { month, day }, time, offset } => {
                let this_year = naive_from_micros(self.reference)?.year();
                // One year ahead for the slack at New Year, eight back for February 29th.
                (this_year - 8..=this_year + 1).rev().find_map(|year| {
                    let at = self.civil(days_from_civil(year, month, day)?, time, offset)?;
                    (at <= self.reference + YEAR_SLACK).then_some(at)
                })
            }
            Stamp::Civil { date: Date::None, time, offset } => {
                let today = self.reference.div_euclid(SECONDS_PER_DAY * MICROS_PER_SECOND) + 1;
                (today - 2..=today).rev().find_map(|day| {
                    let at = self.civil(day, time, offset)?;
                    (at <= self.reference + DAY_SLACK).then_some(at)
                })
            }
        }
    }

    #[inline]
    fn civil(&self, days: i64, time: Micros, offset: Option<i32>) -> Option<Micros> {
        let civil = days * SECONDS_PER_DAY * MICROS_PER_SECOND + time;
        match offset {
            Some(offset) => Some(civil - i64::from(offset) * MICROS_PER_SECOND),
            None => self.zone.to_utc(civil),
        }
    }

    /// Reads a timestamp at the beginning of `text`; returns it with its length in bytes.
    #[inline]
    pub fn read(&self, text: &str) -> Option<(Micros, usize)> {
        let (stamp, length) = read(text.as_bytes())?;
        Some((self.resolve(stamp)?, length))
    }

    /// Reads a value that is a timestamp and nothing else.
    pub fn whole(&self, text: &str) -> Option<Micros> {
        let text = text.trim();
        if let Some(instant) = epoch(text) {
            return Some(instant);
        }
        let (stamp, length) = read(text.as_bytes())?;
        if length == text.len() { self.resolve(stamp) } else { None }
    }
}

fn naive_from_micros(micros: Micros) -> Option<NaiveDateTime> {
    chrono::DateTime::from_timestamp_micros(micros).map(|at| at.naive_utc())
}

/// [`days_from_civil`] for the years in which every fourth is a leap year.
#[inline]
fn days_from_recent(year: i32, month: u8, day: u8) -> i64 {
    const BEFORE_MONTH: [i32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let years = year - 1970;
    let leap_days = (years + 1) / 4 + i32::from(year % 4 == 0 && month > 2);
    i64::from(years * 365 + leap_days + BEFORE_MONTH[usize::from(month) - 1] + i32::from(day) - 1)
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, `None` if there is no such day.
///
/// The algorithm is Howard Hinnant's `days_from_civil`.
#[inline]
fn days_from_civil(year: i32, month: u8, day: u8) -> Option<i64> {
    if !(1..=12).contains(&month) || day == 0 || day > 31 {
        return None;
    }
    if day > 28 {
        NaiveDate::from_ymd_opt(year, month.into(), day.into())?;
    }
    if (1970..2100).contains(&year) {
        return Some(days_from_recent(year, month, day));
    }
    let (month, day) = (i64::from(month), i64::from(day));
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Reads an epoch number: seconds (with a fraction or not), milliseconds,
/// microseconds or nanoseconds, told apart by size (years 2001 to 2286).
pub fn epoch(text: &str) -> Option<Micros> {
    let bytes = text.as_bytes();
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    if !(10..=19).contains(&digits) {
        return None;
    }
    let whole: i64 = text[..digits].parse().ok()?;
    if digits == bytes.len() {
        return epoch_number(whole);
    }
    let fraction = bytes[digits + 1..].iter().all(u8::is_ascii_digit);
    if bytes[digits] != b'.' || !fraction || digits + 1 == bytes.len() {
        return None;
    }
    match digits {
        10 => {
            let (micros, _) = read_fraction(&bytes[digits..])?;
            Some(whole * MICROS_PER_SECOND + micros)
        }
        // `1767571200000.25`: the fraction of a millisecond is below what matters.
        _ => epoch_number(whole),
    }
}

/// An epoch number by its size; see [`epoch`].
pub fn epoch_number(number: i64) -> Option<Micros> {
    Some(match number {
        1_000_000_000..=9_999_999_999 => number * MICROS_PER_SECOND,
        1_000_000_000_000..=9_999_999_999_999 => number * 1_000,
        1_000_000_000_000_000..=9_999_999_999_999_999 => number,
        1_000_000_000_000_000_000..=i64::MAX => number / 1_000,
        _ => return None,
    })
}

/// Recognises a timestamp at the beginning of `text`, with its length in bytes.
///
/// The length covers a fraction and a zone that belong to it, not what follows.
#[inline]
pub fn read(text: &[u8]) -> Option<(Stamp, usize)> {
    match text.first()? {
        b'0'..=b'9' => read_usual(text).or_else(|| read_iso(text)).or_else(|| read_numeric(text)),
        b'A'..=b'Z' | b'a'..=b'z' => read_named(text),
        _ => None,
    }
}

/// Exactly `2026-01-05 00:00:00.123` (or with `T`, or a comma), the spelling of nearly every
/// line there is: without a branch for every digit. Whatever else it is, [`read_iso`] reads.
#[inline]
fn read_usual(text: &[u8]) -> Option<(Stamp, usize)> {
    const DIGITS: [usize; 17] = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 20, 21, 22];
    let head: &[u8; 23] = text.first_chunk()?;
    let digit = |at: usize| head[at].wrapping_sub(b'0');
    let separated = (head[4] == b'-') & (head[7] == b'-') & (head[13] == b':') & (head[16] == b':');
    let joined = matches!(head[10], b' ' | b'T') && matches!(head[19], b'.' | b',');
    let largest = DIGITS.iter().fold(0, |largest, &at| largest.max(digit(at)));
    if !separated || !joined || largest > 9 || text.get(23).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let two = |at: usize| digit(at) * 10 + digit(at + 1);
    let year = i32::from(two(0)) * 100 + i32::from(two(2));
    let (hour, minute, second) = (two(11), two(14), two(17));
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    let millis = i64::from(digit(20)) * 100 + i64::from(two(21));
    let (seconds, end) = read_meridiem(text, head.len(), seconds);
    let (offset, end) = read_zone(text, end);
    let date = Date::Full { year, month: two(5), day: two(8) };
    Some((Stamp::Civil { date, time: seconds * MICROS_PER_SECOND + millis * 1000, offset }, end))
}

/// `2026-01-05 00:00:00.123`, with its many separators, fractions and zones.
#[inline]
fn read_iso(text: &[u8]) -> Option<(Stamp, usize)> {
    // Checked by position: this is the spelling of nearly every line there is.
    if text.len() < 19 {
        return None;
    }
    let separator = text[4];
    if !matches!(separator, b'-' | b'/' | b'.') || text[7] != separator {
        return None;
    }
    let year = i32::from(two_digits(text, 0)?) * 100 + i32::from(two_digits(text, 2)?);
    let (month, day) = (two_digits(text, 5)?, two_digits(text, 8)?);
    let time_at = match text[10] {
        // `2026/01/05 - 10:00:00`
        b' ' if text[11] == b'-' && text[12] == b' ' => 13,
        b'T' | b't' | b' ' | b'\t' | b'_' | b'-' | b':' => 11,
        // `2026-01-05, 10:00:00`
        b',' if text[11] == b' ' => 12,
        _ => return None,
    };
    let (time, time_end) = read_time(text, time_at)?;
    let (offset, end) = read_zone(text, time_end);
    Some((Stamp::Civil { date: Date::Full { year, month, day }, time, offset }, end))
}

/// `HH:MM:SS` and its fraction from `at`; returns microseconds and where it ended.
#[inline]
fn read_time(text: &[u8], at: usize) -> Option<(Micros, usize)> {
    let hour = two_digits(text, at)?;
    let separator = *text.get(at + 2)?;
    if separator != b':' && separator != b'.' {
        return None;
    }
    let minute = two_digits(text, at + 3)?;
    if *text.get(at + 5)? != separator {
        return None;
    }
    let second = two_digits(text, at + 6)?;
    if hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    let (fraction, fraction_length) = read_fraction(&text[at + 8..]).unwrap_or((0, 0));
    let (seconds, end) = read_meridiem(text, at + 8 + fraction_length, seconds);
    Some((seconds * MICROS_PER_SECOND + fraction, end))
}

/// `AM` or `PM` after a 12-hour time.
#[inline]
fn read_meridiem(text: &[u8], at: usize, seconds: i64) -> (i64, usize) {
    let word_at = at + usize::from(text.get(at) == Some(&b' '));
    match text.get(word_at..word_at + 2) {
        Some(word) if ends_word(text, word_at + 2) => {
            let hour = seconds / 3600;
            if word.eq_ignore_ascii_case(b"am") && hour <= 12 {
                return (seconds % (12 * 3600), word_at + 2);
            }
            if word.eq_ignore_ascii_case(b"pm") && hour <= 12 {
                return (seconds % (12 * 3600) + 12 * 3600, word_at + 2);
            }
            (seconds, at)
        }
        _ => (seconds, at),
    }
}

/// `.123`, `,123456` or `:123` in microseconds; digits beyond nanoseconds are refused.
#[inline]
fn read_fraction(text: &[u8]) -> Option<(Micros, usize)> {
    if !matches!(text.first()?, b'.' | b',' | b':') {
        return None;
    }
    let mut micros = 0;
    let mut digits = 0;
    for byte in &text[1..] {
        if !byte.is_ascii_digit() {
            break;
        }
        if digits < 6 {
            micros = micros * 10 + i64::from(byte - b'0');
        }
        digits += 1;
    }
    if digits == 0 || digits > 12 {
        return None;
    }
    // After a colon it is a number of milliseconds, perhaps without leading zeros.
    if text[0] == b':' && digits < 3 {
        return Some((micros * 1000, digits + 1));
    }
    for _ in digits..6 {
        micros *= 10;
    }
    Some((micros, digits + 1))
}

/// A zone right after a time (`Z`, `+0200`, ` +02:00`, ` UTC`) and where it ended.
#[inline]
fn read_zone(text: &[u8], at: usize) -> (Option<i32>, usize) {
    let zone_at = match text.get(at) {
        Some(b'Z' | b'z') if ends_word(text, at + 1) => return (Some(0), at + 1),
        Some(b' ') => at + 1,
        Some(b'+' | b'-') => at,
        _ => return (None, at),
    };
    match text.get(zone_at) {
        Some(b'+' | b'-') => {
            // After a space only a full offset is one: ` -5` may be anything.
            let offset = read_offset(&text[zone_at..]);
            match offset {
                Some((seconds, length)) if zone_at == at || length >= 5 => {
                    (Some(seconds), zone_at + length)
                }
                _ => (None, at),
            }
        }
        Some(b'U' | b'G' | b'Z') => match text.get(zone_at..zone_at + 3) {
            Some(b"UTC" | b"GMT") if ends_word(text, zone_at + 3) => (Some(0), zone_at + 3),
            _ if text[zone_at] == b'Z' && ends_word(text, zone_at + 1) => (Some(0), zone_at + 1),
            _ => (None, at),
        },
        Some(b'A'..=b'W') => match zone_of_name(&text[zone_at..]) {
            Some((seconds, length)) => (Some(seconds), zone_at + length),
            None => (None, at),
        },
        _ => (None, at),
    }
}

/// Zone names that mean one offset wherever they are usual, as PostgreSQL, Java and `date`
/// write them: those of RFC 5322 (section 4.3), Europe's, Japan's and Korea's. `CST` is
/// not among them, which is China's as well as Chicago's, nor are `IST` and `AST`.
fn zone_of_name(text: &[u8]) -> Option<(i32, usize)> {
    let length = text.iter().take_while(|b| b.is_ascii_uppercase()).count();
    if !(3..=4).contains(&length) || !ends_word(text, length) {
        return None;
    }
    let hours = match &text[..length] {
        b"PST" => -8,
        b"PDT" | b"MST" => -7,
        b"MDT" => -6,
        b"CDT" | b"EST" => -5,
        b"EDT" => -4,
        b"WET" => 0,
        b"BST" | b"CET" | b"WEST" => 1,
        b"CEST" | b"EET" => 2,
        b"EEST" | b"MSK" => 3,
        b"JST" | b"KST" => 9,
        _ => return None,
    };
    Some((hours * 3600, length))
}

/// `+02:00`, `+0200` or `+02` in seconds east of UTC, with its length.
fn read_offset(text: &[u8]) -> Option<(i32, usize)> {
    let sign = match text.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = i32::from(two_digits(text, 1)?);
    let (minutes, length) = if text.get(3) == Some(&b':') {
        (i32::from(two_digits(text, 4)?), 6)
    } else if let Some(minutes) = two_digits(text, 3) {
        (i32::from(minutes), 5)
    } else {
        (0, 3)
    };
    let more_digits = text.get(length).is_some_and(u8::is_ascii_digit);
    if hours > 18 || minutes > 59 || more_digits {
        return None;
    }
    Some((sign * (hours * 3600 + minutes * 60), length))
}

/// Spellings of digits other than ISO: `05/Jan/2026:…`, `17/06/09 …`, `01/05/2026 …`,
/// `03-17 16:13:38.811`, `20171223-22:15:29:606`, `20260105T101112Z`, `14:03:11.120`.
fn read_numeric(text: &[u8]) -> Option<(Stamp, usize)> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let separator = *text.get(digits)?;
    match (digits, separator) {
        (1 | 2, b'/' | b'-' | b' ' | b'.') => {
            read_day_month_name(text, digits).or_else(|| read_short_date(text, digits))
        }
        (2, b':') => {
            let (time, end) = read_time(text, 0)?;
            let (offset, end) = read_zone(text, end);
            Some((Stamp::Civil { date: Date::None, time, offset }, end))
        }
        (8, b'-' | b'T' | b' ' | b'_') => read_compact(text),
        (10, _) if separator == b'.' || is_boundary(separator) => read_epoch_head(text, digits),
        (13 | 16 | 19, _) if is_boundary(separator) => read_epoch_head(text, digits),
        _ => None,
    }
}

/// An epoch number that begins a line: `1767571200.123 GET …`, `1767571200123 …`.
fn read_epoch_head(text: &[u8], digits: usize) -> Option<(Stamp, usize)> {
    let fraction = match read_fraction(&text[digits..]) {
        Some((_, length)) if text[digits] == b'.' => length,
        _ => 0,
    };
    let end = digits + fraction;
    let number = std::str::from_utf8(&text[..end]).ok()?;
    Some((Stamp::Instant(epoch(number)?), end))
}

/// `20171223-22:15:29:606`, `20260105T101112Z`, `20260105 101112`.
fn read_compact(text: &[u8]) -> Option<(Stamp, usize)> {
    let year = i32::from(two_digits(text, 0)?) * 100 + i32::from(two_digits(text, 2)?);
    let (month, day) = (two_digits(text, 4)?, two_digits(text, 6)?);
    if !(1900..=2200).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (time, end) = read_time(text, 9)
        .or_else(|| read_compact_time(text, 9))
        .or_else(|| read_unpadded_time(text, 9))?;
    let (offset, end) = read_zone(text, end);
    Some((Stamp::Civil { date: Date::Full { year, month, day }, time, offset }, end))
}

/// `9:3:11:7` from `at`: numbers put together without leading zeros, so that what
/// follows the seconds is a number of milliseconds, not a fraction.
fn read_unpadded_time(text: &[u8], mut at: usize) -> Option<(Micros, usize)> {
    let mut parts = [0i64; 4];
    let limits = [24, 60, 61, 1000];
    for (index, limit) in limits.into_iter().enumerate() {
        if index > 0 {
            match text.get(at) {
                Some(b':') => at += 1,
                _ if index == 3 => break,
                _ => return None,
            }
        }
        let digits = text.get(at..)?.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
        let part = text[at..at + digits].iter().fold(0, |n, b| n * 10 + i64::from(b - b'0'));
        if digits == 0 || part >= limit {
            return None;
        }
        parts[index] = part;
        at += digits;
    }
    let [hour, minute, second, millis] = parts;
    Some((((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND + millis * 1000, at))
}

/// `HHMMSS` and its fraction from `at`.
fn read_compact_time(text: &[u8], at: usize) -> Option<(Micros, usize)> {
    let (hour, minute, second) =
        (two_digits(text, at)?, two_digits(text, at + 2)?, two_digits(text, at + 4)?);
    let more_digits = text.get(at + 6).is_some_and(u8::is_ascii_digit);
    if hour > 23 || minute > 59 || second > 60 || more_digits {
        return None;
    }
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    let (fraction, length) = read_fraction(&text[at + 6..]).unwrap_or((0, 0));
    Some((seconds * MICROS_PER_SECOND + fraction, at + 6 + length))
}

/// `yymmdd hhmmss`, the stamp of Hadoop's file system logs. Not part of [`read`]:
/// two bare numbers are a date only where a format says so.
pub fn read_six_and_six(text: &[u8]) -> Option<(Stamp, usize)> {
    let year = 2000 + i32::from(two_digits(text, 0)?);
    let (month, day) = (two_digits(text, 2)?, two_digits(text, 4)?);
    if text.get(6) != Some(&b' ') || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (time, end) = read_compact_time(text, 7)?;
    Some((Stamp::Civil { date: Date::Full { year, month, day }, time, offset: None }, end))
}

/// `05/Jan/2026:10:11:12 +0100`, `5 Jan 2026 10:11:12`, `05-Jan-2026 10:11:12.123`.
fn read_day_month_name(text: &[u8], digits: usize) -> Option<(Stamp, usize)> {
    let day = small_number(&text[..digits])?;
    let month = month_of_name(text.get(digits + 1..digits + 4)?)?;
    let separator = text[digits];
    if *text.get(digits + 4)? != separator {
        return None;
    }
    let year_at = digits + 5;
    let year =
        i32::from(two_digits(text, year_at)?) * 100 + i32::from(two_digits(text, year_at + 2)?);
    if !matches!(text.get(year_at + 4)?, b':' | b' ' | b'T') {
        return None;
    }
    let (time, end) = read_time(text, year_at + 5)?;
    let (offset, end) = read_zone(text, end);
    Some((Stamp::Civil { date: Date::Full { year, month, day }, time, offset }, end))
}

/// Dates of two-digit parts: `17/06/09`, `01/05/2026`, `05.01.2026`, `03-17`, `10.30`.
fn read_short_date(text: &[u8], digits: usize) -> Option<(Stamp, usize)> {
    let separator = text[digits];
    let first = small_number(&text[..digits])?;
    let rest = &text[digits + 1..];
    let second_digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let second = small_number(rest.get(..second_digits)?)?;
    let date_end = digits + 1 + second_digits;
    let (date, end) = match *text.get(date_end)? {
        // `03-17 16:13:38`, and Snort's `03/17-16:13:38`.
        b' ' | b'-' if digits == 2 && second_digits == 2 && !matches!(separator, b' ' | b'-') => {
            let (month, day) = month_then_day(first, second)?;
            (Date::NoYear { month, day }, date_end)
        }
        b' ' if digits == 2 && second_digits == 2 && separator == b'-' => {
            let (month, day) = month_then_day(first, second)?;
            (Date::NoYear { month, day }, date_end)
        }
        other if other == separator && separator != b' ' => {
            let year_text = &text[date_end + 1..];
            let year_digits = year_text.iter().take_while(|b| b.is_ascii_digit()).count();
            let end = date_end + 1 + year_digits;
            (full_short_date(separator, first, second, &year_text[..year_digits])?, end)
        }
        _ => return None,
    };
    let time_at = match text.get(end..end + 2)? {
        b", " => end + 2,
        [b' ' | b'T' | b'-', _] => end + 1,
        _ => return None,
    };
    let (time, end) = read_time(text, time_at).or_else(|| read_short_time(text, time_at))?;
    let (offset, end) = read_zone(text, end);
    Some((Stamp::Civil { date, time, offset }, end))
}

/// A one-digit hour, as American spellings have it: `1/5/2026 9:03:11 PM`.
fn read_short_time(text: &[u8], at: usize) -> Option<(Micros, usize)> {
    if text.get(at + 1) != Some(&b':') {
        return None;
    }
    let mut padded = [b'0'; 24];
    let length = (text.len() - at).min(padded.len() - 1);
    padded[1..=length].copy_from_slice(&text[at..at + length]);
    let (time, end) = read_time(&padded[..=length], 0)?;
    Some((time, at + end - 1))
}

/// A date of three numbers: by rule, not by guess (see the module's rules).
fn full_short_date(separator: u8, first: u8, second: u8, last: &[u8]) -> Option<Date> {
    match last.len() {
        4 => {
            let year = i32::from(two_digits(last, 0)?) * 100 + i32::from(two_digits(last, 2)?);
            let (month, day) = if separator == b'.' {
                month_then_day(second, first)?
            } else {
                month_then_day(first, second)?
            };
            Some(Date::Full { year, month, day })
        }
        // Two-digit years are this century's: `17/06/09` is 2017-06-09.
        2 => {
            let (month, day) = month_then_day(second, small_number(last)?)?;
            Some(Date::Full { year: 2000 + i32::from(first), month, day })
        }
        _ => None,
    }
}

/// Two numbers as month and day; swapped if only that makes a date.
fn month_then_day(first: u8, second: u8) -> Option<(u8, u8)> {
    match (first, second) {
        (1..=12, 1..=31) => Some((first, second)),
        (13..=31, 1..=12) => Some((second, first)),
        _ => None,
    }
}

/// Spellings that begin with a name: `Jan  5 10:11:12`, `Sun Dec 04 04:47:44 2005`,
/// `Sun, 04 Dec 2005 04:47:44 GMT`, `Jan 05 2026 10:11:12`, `Jan 5, 2026 9:03:11 PM`.
fn read_named(text: &[u8]) -> Option<(Stamp, usize)> {
    let mut at = 0;
    if is_weekday(text.get(..3)?) {
        at = match text.get(3..5)? {
            b", " => 5,
            [b' ', _] => 4,
            _ => return None,
        };
        if text.get(at)?.is_ascii_digit() {
            // `Mon 2026-01-05 10:11:12`, as systemd writes it.
            if let Some((stamp, length)) = read_iso(&text[at..]) {
                return Some((stamp, at + length));
            }
            let digits = text[at..].iter().take_while(|b| b.is_ascii_digit()).count();
            let (stamp, length) = read_day_month_name(&text[at..], digits)?;
            return Some((stamp, at + length));
        }
    }
    let month = month_of_name(text.get(at..at + 3)?)?;
    at += 3;
    if text.get(at) != Some(&b' ') {
        return None;
    }
    at += 1 + usize::from(text.get(at + 1) == Some(&b' '));
    let digits = text.get(at..)?.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || digits > 2 {
        return None;
    }
    let day = small_number(&text[at..at + digits])?;
    at += digits;
    read_after_month_day(text, at, month, day)
}

/// What follows `Jan 05`: the time, before it or after it perhaps the year.
fn read_after_month_day(text: &[u8], at: usize, month: u8, day: u8) -> Option<(Stamp, usize)> {
    let at = at + usize::from(text.get(at) == Some(&b','));
    if text.get(at) != Some(&b' ') {
        return None;
    }
    let at = at + 1;
    if let Some(year) = read_year(text, at) {
        let (time, end) = read_time(text, at + 5).or_else(|| read_short_time(text, at + 5))?;
        let (offset, end) = read_zone(text, end);
        return Some((Stamp::Civil { date: Date::Full { year, month, day }, time, offset }, end));
    }
    let (time, time_end) = read_time(text, at)?;
    let (offset, zone_end) = read_zone(text, time_end);
    if text.get(zone_end) == Some(&b' ')
        && let Some(year) = read_year(text, zone_end + 1)
    {
        let date = Date::Full { year, month, day };
        return Some((Stamp::Civil { date, time, offset }, zone_end + 5));
    }
    Some((Stamp::Civil { date: Date::NoYear { month, day }, time, offset }, zone_end))
}

/// Four digits that are a year and end there.
fn read_year(text: &[u8], at: usize) -> Option<i32> {
    let year = i32::from(two_digits(text, at)?) * 100 + i32::from(two_digits(text, at + 2)?);
    ((1970..=2200).contains(&year) && ends_word(text, at + 4) && text.get(at + 4) != Some(&b':'))
        .then_some(year)
}

#[inline]
fn two_digits(text: &[u8], at: usize) -> Option<u8> {
    match text.get(at..at + 2)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some((tens - b'0') * 10 + (ones - b'0')),
        _ => None,
    }
}

fn small_number(digits: &[u8]) -> Option<u8> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn is_boundary(byte: u8) -> bool {
    byte == b' ' || byte == b'\t' || byte == b']' || byte == b'|' || byte == b',' || byte == b':'
}

/// Whether a word that ends at `at` really ends there.
fn ends_word(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

fn is_weekday(name: &[u8]) -> bool {
    matches!(name, b"Mon" | b"Tue" | b"Wed" | b"Thu" | b"Fri" | b"Sat" | b"Sun")
}

fn month_of_name(name: &[u8]) -> Option<u8> {
    const NAMES: [&[u8; 3]; 12] = [
        b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov",
        b"dec",
    ];
    let at = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))?;
    u8::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T12:00:00Z.
    const REFERENCE: Micros = 1_795_348_800 * MICROS_PER_SECOND;

    fn utc(text: &str) -> String {
        let rules = TimeRules::new(Zone::UTC, REFERENCE);
        match rules.read(text) {
            Some((micros, length)) => {
                let at = naive_from_micros(micros).unwrap();
                format!("{} +{}", at.format("%Y-%m-%dT%H:%M:%S%.6f"), &text[length..])
            }
            None => "none".to_owned(),
        }
    }

    #[test]
    fn common_spellings() {
        for (text, expected) in [
            ("2026-01-05 00:00:00.123 INFO", "2026-01-05T00:00:00.123000 + INFO"),
            ("2026-01-05T00:00:00,123456789Z x", "2026-01-05T00:00:00.123456 + x"),
            ("2026-01-05T02:00:00+02:00", "2026-01-05T00:00:00.000000 +"),
            ("2026-01-05 02:00:00.5 +0200 x", "2026-01-05T00:00:00.500000 + x"),
            ("2026/01/05 00:00:00 UTC x", "2026-01-05T00:00:00.000000 + x"),
            ("2026-01-05, 00:00:00 x", "2026-01-05T00:00:00.000000 + x"),
            ("2005-06-03-15.42.50.675872 R02", "2005-06-03T15:42:50.675872 + R02"),
            ("05/Jan/2026:10:11:12 +0100] x", "2026-01-05T09:11:12.000000 +] x"),
            ("05-Jan-2026 10:11:12.5 x", "2026-01-05T10:11:12.500000 + x"),
            ("5 Jan 2026 10:11:12 x", "2026-01-05T10:11:12.000000 + x"),
            ("17/06/09 20:10:40 INFO", "2017-06-09T20:10:40.000000 + INFO"),
            ("01/05/2026 10:11:12 PM x", "2026-01-05T22:11:12.000000 + x"),
            ("1/5/2026 9:03:11 AM x", "2026-01-05T09:03:11.000000 + x"),
            ("25/12/2025 10:11:12 x", "2025-12-25T10:11:12.000000 + x"),
            ("05.01.2026 10:11:12 x", "2026-01-05T10:11:12.000000 + x"),
            ("03-17 16:13:38.811  1702", "2026-03-17T16:13:38.811000 +  1702"),
            ("10.30 16:49:06] x", "2026-10-30T16:49:06.000000 +] x"),
            ("20171223-22:15:29:606|x", "2017-12-23T22:15:29.606000 +|x"),
            ("20171224-0:3:11:7|x", "2017-12-24T00:03:11.007000 +|x"),
            ("20171224-10:13:11:70|x", "2017-12-24T10:13:11.070000 +|x"),
            ("20171224-0:3:11|x", "2017-12-24T00:03:11.000000 +|x"),
            ("2026-01-05 01:00:00 CET x", "2026-01-05T00:00:00.000000 + x"),
            ("2026-01-05 01:00:00 IST x", "2026-01-05T01:00:00.000000 + IST x"),
            ("01/05-10:11:12.5  x", "2026-01-05T10:11:12.500000 +  x"),
            ("2026/01/05 - 10:11:12 | x", "2026-01-05T10:11:12.000000 + | x"),
            ("2026-01-05\t10:11:12\tx", "2026-01-05T10:11:12.000000 +\tx"),
            ("Mon 2026-01-05 10:11:12 UTC x", "2026-01-05T10:11:12.000000 + x"),
            ("Mon Jan  5 01:11:12 CET 2026 x", "2026-01-05T00:11:12.000000 + x"),
            ("20260105T101112Z x", "2026-01-05T10:11:12.000000 + x"),
            ("Jan  5 10:11:12 host", "2026-01-05T10:11:12.000000 + host"),
            ("Dec 31 23:59:59 host", "2025-12-31T23:59:59.000000 + host"),
            ("Feb 29 01:02:03 host", "2024-02-29T01:02:03.000000 + host"),
            ("Jan 05 2026 10:11:12: %ASA", "2026-01-05T10:11:12.000000 +: %ASA"),
            ("Sun Dec 04 04:47:44 2005] x", "2005-12-04T04:47:44.000000 +] x"),
            ("Sun Dec 04 04:47:44.123456 2005] x", "2005-12-04T04:47:44.123456 +] x"),
            ("Sun, 04 Dec 2005 04:47:44 GMT x", "2005-12-04T04:47:44.000000 + x"),
            ("1767571200 x", "2026-01-05T00:00:00.000000 + x"),
            ("1767571200.25 x", "2026-01-05T00:00:00.250000 + x"),
            ("1767571200123 x", "2026-01-05T00:00:00.123000 + x"),
            ("11:22:33.444 [main]", "2026-11-22T11:22:33.444000 + [main]"),
            ("23:22:33.444 [main]", "2026-11-21T23:22:33.444000 + [main]"),
            ("2026-01-05 10:11", "none"),
            ("2026-13-05 00:00:00", "none"),
            ("2026-02-30 00:00:00", "none"),
            ("123 45", "none"),
            ("March on", "none"),
        ] {
            assert_eq!(utc(text), expected, "{text}");
        }
    }

    #[test]
    fn a_missing_zone_follows_the_rules() {
        let berlin = Zone::from_name("Europe/Berlin").unwrap();
        let rules = TimeRules::new(berlin, REFERENCE);
        assert_eq!(rules.whole("2026-01-05 01:00:00"), Some(1_767_571_200 * MICROS_PER_SECOND));
        // Skipped by the clocks, and twice there: the offset before the change.
        assert_eq!(rules.whole("2026-03-29 02:30:00"), rules.whole("2026-03-29T01:30:00Z"));
        assert_eq!(rules.whole("2026-10-25 02:30:00"), rules.whole("2026-10-25T00:30:00Z"));
        assert_eq!(Zone::from_name("+02:00"), Some(Zone::Fixed { seconds_east: 7200 }));
        assert_eq!(Zone::from_name("Nowhere/Land"), None);
    }

    #[test]
    fn every_day_is_a_day_after_the_one_before() {
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        for days in -200_000i64..200_000 {
            let date = epoch + chrono::Duration::days(days);
            let (month, day) = (date.month() as u8, date.day() as u8);
            assert_eq!(days_from_civil(date.year(), month, day), Some(days), "{date}");
        }
    }

    #[test]
    fn epoch_numbers_by_size() {
        let second = 1_767_571_200 * MICROS_PER_SECOND;
        for text in [
            "1767571200",
            "1767571200000",
            "1767571200000000",
            "1767571200000000000",
            "1767571200.0",
        ] {
            assert_eq!(epoch(text), Some(second), "{text}");
        }
        for text in ["123", "17675712000", "1767571200.", "1767571200x"] {
            assert_eq!(epoch(text), None, "{text}");
        }
    }
}
