//! Timestamps: every common spelling, and the rules for what a spelling leaves out.
//!
//! [`read`] recognises a timestamp at the beginning of a text and says how long it
//! is; [`TimeRules::resolve`] turns it into UTC microseconds. The rules:
//!
//! - **No zone**: the zone of `--timezone`, UTC unless given.
//! - **No year**: the latest year that does not put the timestamp more than a day
//!   after the reference (the file's modification time; now for streams).
//! - **No date** (`14:03:11.120`): the latest day, by the same rule with an hour.
//! - **The order of day, month and year** (`01/02/2026`, `1/5/26`) is one for all lines of a
//!   source, decided from its lines and its own time: [`order`]. A date that does not exist in
//!   that order is none.
//! - A local time that the clocks skipped or had twice is read with the offset
//!   before the change.
//! - Numbers, also with an exponent or hexadecimal, are seconds, milli-, micro- or nanoseconds since 1970 by their size.

mod clock;
mod date;
mod given;
mod months;
pub mod order;
mod spelling;
mod tai64;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Offset, TimeZone};

use crate::record::{Micros, Record};
use clock::{read_fraction, read_offset};
pub use given::{EXAMPLES, given, is_in_reach};
pub use order::{DateOrder, ShortDate};
pub use spelling::{read, read_six_and_six};

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
        /// What the spelling says: an offset, or the name of a region.
        zone: Option<Zone>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Date {
    Full {
        year: i32,
        month: u8,
        day: u8,
    },
    /// `01/02/2026`, `1/5/26`: which number is what, the rules know.
    Short(ShortDate),
    NoYear {
        month: u8,
        day: u8,
    },
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

    /// What [`Zone::from_name`] makes it of.
    pub fn name(self) -> String {
        match self {
            Zone::Fixed { seconds_east } => {
                let sign = if seconds_east < 0 { '-' } else { '+' };
                let minutes = seconds_east.abs() / 60;
                format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
            Zone::Local => "local".to_owned(),
            Zone::Named(zone) => zone.name().to_owned(),
        }
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
    /// The order of day, month and year in dates of numbers; `None`: each by itself.
    pub order: Option<DateOrder>,
    /// The time of a record that names none, where something else knows it: a container's
    /// runtime stamps every line.
    pub absent: Option<Micros>,
    /// What a record says of a time that is [`TimeRules::absent`] from its line: how it was come by.
    pub undated: Option<Undated>,
    /// What becomes of lines without a time where others have one.
    pub stray: Stray,
    /// The text is that of a file, which may go on: a last line without its line break may be half
    /// of one.
    pub may_grow: bool,
}

/// What becomes of a record whose line has no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Undated {
    /// It has the time at which it was read.
    Arrival,
    /// It has the time at which its file was last written to.
    #[default]
    Mtime,
    /// It is a reject.
    Reject,
}

/// What becomes of a line that begins a record by what it says (`WARNING:root:disk full`) and has no
/// time, in a source whose lines have times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stray {
    /// It goes on with the record before it.
    #[default]
    Continues,
    /// It is a reject.
    Reject,
    /// It has the time of the record before it, or else of the next, or else this one.
    At(Micros, Undated),
}

impl Undated {
    pub const ALL: [Undated; 3] = [Undated::Arrival, Undated::Mtime, Undated::Reject];

    /// As `--undated` takes it and the field `undated` says it.
    pub fn name(self) -> &'static str {
        match self {
            Undated::Arrival => "arrival",
            Undated::Mtime => "mtime",
            Undated::Reject => "reject",
        }
    }

    pub fn from_name(name: &str) -> Option<Undated> {
        Undated::ALL.into_iter().find(|undated| undated.name() == name)
    }
}

impl TimeRules {
    pub fn new(zone: Zone, reference: Micros) -> TimeRules {
        TimeRules {
            zone,
            reference,
            order: None,
            absent: None,
            undated: None,
            stray: Stray::Continues,
            may_grow: false,
        }
    }

    /// The rules of a file that was last written to at `mtime` and is read at `now`.
    pub fn of_file(zone: Zone, mtime: Micros, now: Micros, undated: Undated) -> TimeRules {
        let absent = match undated {
            Undated::Arrival => Some(now),
            Undated::Mtime => Some(mtime.min(now)),
            Undated::Reject => None,
        };
        let stray = absent.map_or(Stray::Reject, |at| Stray::At(at, undated));
        let undated = absent.is_some().then_some(undated);
        TimeRules { absent, undated, stray, may_grow: true, ..TimeRules::new(zone, mtime) }
    }

    /// The rules of what is read as it arrives.
    pub fn of_stream(zone: Zone, now: Micros) -> TimeRules {
        TimeRules::new(zone, now).arriving(now)
    }

    /// The same for lines that are read as they are written: what has no time has that of now.
    pub fn arriving(self, now: Micros) -> TimeRules {
        let stray = Stray::At(now, Undated::Arrival);
        TimeRules { absent: Some(now), undated: Some(Undated::Arrival), stray, ..self }
    }

    /// Notes in a record that its time is not its line's.
    pub fn mark_undated(&self, record: &mut Record<'_>) {
        if let Some(undated) = self.undated {
            record.fields.str("undated", undated.name());
        }
    }

    /// UTC microseconds, or `None` for a date that does not exist.
    pub fn resolve(&self, stamp: Stamp) -> Option<Micros> {
        match stamp {
            Stamp::Instant(micros) => Some(micros),
            Stamp::Civil { date: Date::Full { year, month, day }, time, zone } => {
                self.civil(days_from_civil(year, month, day)?, time, zone)
            }
            Stamp::Civil { date: Date::Short(date), time, zone } => match self.order {
                Some(order) => self.short(date, order, time, zone),
                None => self.likeliest(date, time, zone),
            },
            Stamp::Civil { date: Date::NoYear { month, day }, time, zone } => {
                self.latest_year(month, day, time, zone)
            }
            Stamp::Civil { date: Date::None, time, zone } => {
                let today = self.reference.div_euclid(SECONDS_PER_DAY * MICROS_PER_SECOND) + 1;
                (today - 2..=today).rev().find_map(|day| {
                    let at = self.civil(day, time, zone)?;
                    (at <= self.reference + DAY_SLACK).then_some(at)
                })
            }
        }
    }

    /// A date in one order.
    fn short(
        &self,
        date: ShortDate,
        order: DateOrder,
        time: Micros,
        zone: Option<Zone>,
    ) -> Option<Micros> {
        match date.in_order(order)? {
            (Some(year), month, day) => self.civil(days_from_civil(year, month, day)?, time, zone),
            (None, month, day) => self.latest_year(month, day, time, zone),
        }
    }

    /// A date of a source that tells nothing of the order: the likeliest that is not after the
    /// reference.
    fn likeliest(&self, date: ShortDate, time: Micros, zone: Option<Zone>) -> Option<Micros> {
        let orders = date.usual_orders();
        let readings = || {
            let at = |order| Some((order, self.short(date, order, time, zone)?));
            orders.iter().copied().filter_map(at)
        };
        let is_past = |at: Micros| self.reference <= 0 || at <= self.reference + YEAR_SLACK;
        let order = order::later_year(readings().filter(|(_, at)| is_past(*at)))
            .or_else(|| readings().next().map(|(order, _)| order))?;
        self.short(date, order, time, zone)
    }

    /// A date without a year, in the latest that does not put it after the reference.
    fn latest_year(&self, month: u8, day: u8, time: Micros, zone: Option<Zone>) -> Option<Micros> {
        let this_year = naive_from_micros(self.reference)?.year();
        // One year ahead for the slack at New Year, eight back for February 29th.
        (this_year - 8..=this_year + 1).rev().find_map(|year| {
            let at = self.civil(days_from_civil(year, month, day)?, time, zone)?;
            (at <= self.reference + YEAR_SLACK).then_some(at)
        })
    }

    #[inline]
    fn civil(&self, days: i64, time: Micros, zone: Option<Zone>) -> Option<Micros> {
        let civil = days * SECONDS_PER_DAY * MICROS_PER_SECOND + time;
        zone.unwrap_or(self.zone).to_utc(civil)
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

/// Whether a word is the name of a month, in any language that logs are written in.
pub fn is_month(word: &str) -> bool {
    months::month(word.as_bytes()).is_some_and(|(_, length)| length == word.len())
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
/// microseconds or nanoseconds, told apart by size (years 2001 to 2286); also with an
/// exponent (`1.7675712e9`), and seconds in eight hexadecimal digits (`0x695b8a00`).
pub fn epoch(text: &str) -> Option<Micros> {
    let bytes = text.as_bytes();
    match bytes {
        [b'0', b'x' | b'X', digits @ ..] => return epoch_of_hexadecimal(digits),
        [b'1'..=b'9', b'.', .., _] if memchr::memchr2(b'e', b'E', bytes).is_some() => {
            return epoch_of_float(text);
        }
        _ => {}
    }
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

/// A number with an exponent, or with more digits than a double has.
pub fn epoch_of_float(text: &str) -> Option<Micros> {
    let number: f64 = text.parse().ok()?;
    // Below 2286 in seconds, where the fraction counts; above by size.
    if (1e9..1e10).contains(&number) {
        return Some((number * MICROS_PER_SECOND as f64).round() as Micros);
    }
    if (1e10..9e18).contains(&number) { epoch_number(number as i64) } else { None }
}

fn epoch_of_hexadecimal(digits: &[u8]) -> Option<Micros> {
    let is_hexadecimal = digits.len() == 8 && digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_hexadecimal)?;
    epoch_number(i64::from_str_radix(digits, 16).ok()?)
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
            ("1/5/26, 8:35:38:653 CET] x", "2026-01-05T07:35:38.653000 +] x"),
            ("01/05/2026, 11:59:57\u{202f}PM x", "2026-01-05T23:59:57.000000 + x"),
            ("1/5/2026 12:00:02\u{a0}a. m. x", "2026-01-05T00:00:02.000000 + x"),
            ("1/5/2026 10:11:12 p.m. x", "2026-01-05T22:11:12.000000 + x"),
            ("2026-1-5 9:03:11 x", "2026-01-05T09:03:11.000000 + x"),
            ("2026. 1. 5. \u{c624}\u{d6c4} 3:04:05 x", "2026-01-05T15:04:05.000000 + x"),
            ("2026\u{5e74}1\u{6708}5\u{65e5} 10:11:12 x", "2026-01-05T10:11:12.000000 + x"),
            ("05-janv.-2026 10:11:12.123 INFOS", "2026-01-05T10:11:12.123000 + INFOS"),
            ("Jan 5, 2026 @ 10:11:12.123 x", "2026-01-05T10:11:12.123000 + x"),
            ("5. Januar 2026 10:11:12 x", "2026-01-05T10:11:12.000000 + x"),
            ("M\u{e4}r 05 10:11:12 host", "2026-03-05T10:11:12.000000 + host"),
            ("05-JAN-26 10.11.12.123 AM x", "2026-01-05T10:11:12.123000 + x"),
            ("05 Jan 10:11:12:33 x", "none"),
            ("2026-01-05T11:11:12+01:00[Europe/Berlin] x", "2026-01-05T10:11:12.000000 + x"),
            ("2026-01-05 11:11:12 GMT+1 x", "2026-01-05T10:11:12.000000 + x"),
            ("2026-01-05 11:11:12 UTC+01:00 x", "2026-01-05T10:11:12.000000 + x"),
            ("2026-01-05 11:11:12 UTC - x", "2026-01-05T11:11:12.000000 + - x"),
            ("2026-01-05 21:11:12 AEST x", "2026-01-05T11:11:12.000000 + x"),
            ("20260105111112.123456+060 x", "2026-01-05T10:11:12.123456 + x"),
            ("1.7675712001234E+09 x", "2026-01-05T00:00:00.123400 + x"),
            ("0x695b0180 x", "2026-01-05T00:10:40.000000 + x"),
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
            ("20260105:101112.123 x", "2026-01-05T10:11:12.123000 + x"),
            ("20260105.10h11m12s x", "2026-01-05T10:11:12.000000 + x"),
            ("20260105.10h11m x", "none"),
            ("20260105101112123 x", "2026-01-05T10:11:12.123000 + x"),
            ("20261305101112123 x", "none"),
            ("2026-005T10:11:12.5Z x", "2026-01-05T10:11:12.500000 + x"),
            ("2024-366T10:11:12Z x", "2024-12-31T10:11:12.000000 + x"),
            ("2026-366T10:11:12Z x", "none"),
            ("2026 Jan  5 10:11:12.123 x", "2026-01-05T10:11:12.123000 + x"),
            ("2026 Feb 30 10:11:12 x", "none"),
            ("13/1/2026 -- 10:11:12 - x", "2026-01-13T10:11:12.000000 + - x"),
            ("01/13/2026 - 10:11:12: x", "2026-01-13T10:11:12.000000 +: x"),
            ("01/13/2026 -10:11:12: x", "none"),
            ("03-17|16:13:38.811] x", "2026-03-17T16:13:38.811000 +] x"),
            ("Mo 5. Jan 11:11:12 CET 2026 x", "2026-01-05T10:11:12.000000 + x"),
            ("Mon  5 Jan 10:11:12 GMT 2026 x", "2026-01-05T10:11:12.000000 + x"),
            ("Mon 5 Jan 10:11:12 x", "none"),
            (
                "Mon Jan 05 2026 11:11:12 GMT+0100 (Central European Standard Time) x",
                "2026-01-05T10:11:12.000000 + x",
            ),
            ("2026-01-05 11:11:12 GMT+0100 (3 of 5) x", "2026-01-05T10:11:12.000000 + (3 of 5) x"),
            ("2026-01-05 10:11", "none"),
            ("2026-13-05 00:00:00", "none"),
            ("2026-02-30 00:00:00", "none"),
            ("123 45", "none"),
            ("05-Jan-2026 10:11:14 Europe/Berlin] x", "2026-01-05T09:11:14.000000 +] x"),
            ("2026-07-05 10:11:14.5 America/New_York x", "2026-07-05T14:11:14.500000 + x"),
            ("2026-01-05 10:11:14 America/Argentina/Buenos_Aires", "2026-01-05T13:11:14.000000 +"),
            ("2026-01-05 10:11:14 US/Eastern x", "2026-01-05T15:11:14.000000 + x"),
            ("2026-01-05 10:11:14 Nowhere/Land x", "2026-01-05T10:11:14.000000 + Nowhere/Land x"),
            ("2026-01-05-10.11.12.123456+060 x", "2026-01-05T09:11:12.123456 + x"),
            ("2026-01-05-10.11.12.123456-300 x", "2026-01-05T15:11:12.123456 + x"),
            ("10:11:12 2026-01-05 INFO", "2026-01-05T10:11:12.000000 + INFO"),
            ("10:11:12.5 05-Jan-2026 : x", "2026-01-05T10:11:12.500000 + : x"),
            ("10:11:12, 25/12/2025 x", "2025-12-25T10:11:12.000000 + x"),
            (
                "10:11:12 2026-01-04 09:00:00 x",
                "2026-11-22T10:11:12.000000 + 2026-01-04 09:00:00 x",
            ),
            ("10:11:12 10.2.3 x", "2026-11-22T10:11:12.000000 + 10.2.3 x"),
            ("Jan. 05, 2026 10:11:13 NACHM. x", "2026-01-05T22:11:13.000000 + x"),
            ("Jan. 05, 2026 10:11:13 NOTICE x", "2026-01-05T10:11:13.000000 + NOTICE x"),
            ("05-1\u{6708}-2026 10:11:12.123 x", "2026-01-05T10:11:12.123000 + x"),
            ("05-\u{5341}\u{4e8c}\u{6708}-2025 10:11:12 x", "2025-12-05T10:11:12.000000 + x"),
            (
                "\u{4e00}\u{6708} 05, 2026 10:11:12 \u{4e0b}\u{5348} x",
                "2026-01-05T22:11:12.000000 + x",
            ),
            ("1\u{6708} 05, 2026 10:11:12 \u{5348}\u{5f8c} x", "2026-01-05T22:11:12.000000 + x"),
            (
                "2026\u{5e74}1\u{6708}5\u{65e5} 10\u{65f6}11\u{5206}12\u{79d2} x",
                "2026-01-05T10:11:12.000000 + x",
            ),
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
