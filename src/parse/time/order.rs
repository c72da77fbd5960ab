//! In which order a source writes day, month and year: `01/05/2026`, `1/5/26`, `17/06/09`.
//!
//! One line alone seldom tells. [`decide`] weighs all first lines of a source: an order in which
//! a date does not exist or lies after the file's own time is out; of those that are left, the one
//! in which the lines go forward and by the smallest steps is taken. Where that leaves several,
//! the order is a guess, and [`Decision::is_certain`] says so.

use super::{Date, SECONDS_PER_DAY, Stamp, YEAR_SLACK, days_from_civil, read};
use crate::record::Micros;

/// How much smaller the steps between lines must be in one order than in another to decide.
const STEPS_FACTOR: i64 = 3;
/// How many days before the file's own time its last line may be for that to tell the order.
const RECENT_DAYS_MAX: i64 = 1;
/// Where in a line its first timestamp is looked for.
const STAMP_AT_MAX: usize = 200;

/// The order of the numbers of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum DateOrder {
    #[serde(rename = "mdy")]
    MonthDayYear,
    #[serde(rename = "dmy")]
    DayMonthYear,
    #[serde(rename = "ymd")]
    YearMonthDay,
}

use DateOrder::{DayMonthYear, MonthDayYear, YearMonthDay};

impl DateOrder {
    pub const ALL: [DateOrder; 3] = [MonthDayYear, DayMonthYear, YearMonthDay];

    /// As `--date-order` takes it.
    pub fn name(self) -> &'static str {
        match self {
            MonthDayYear => "mdy",
            DayMonthYear => "dmy",
            YearMonthDay => "ymd",
        }
    }

    /// As people say it.
    pub fn title(self) -> &'static str {
        match self {
            MonthDayYear => "month/day/year",
            DayMonthYear => "day/month/year",
            YearMonthDay => "year/month/day",
        }
    }

    pub fn from_name(name: &str) -> Option<DateOrder> {
        DateOrder::ALL.into_iter().find(|order| order.name().eq_ignore_ascii_case(name))
    }
}

/// A date of two or three numbers, whose order the source decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortDate {
    pub first: u8,
    pub second: u8,
    pub third: Third,
    pub separator: u8,
    /// The first number has two digits.
    pub is_padded: bool,
}

/// What stands behind the first two numbers of a [`ShortDate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Third {
    /// `03-17 16:13:38`
    Missing,
    /// A day: years have two digits or four.
    OneDigit(u8),
    TwoDigits(u8),
    Year(i32),
}

impl ShortDate {
    /// Year (if the date has one), month and day in this order; `None` if there is no such day.
    pub fn in_order(self, order: DateOrder) -> Option<(Option<i32>, u8, u8)> {
        let (year, month, day) = match (self.third, order) {
            (Third::Missing, DayMonthYear) => (None, self.second, self.first),
            (Third::Missing, _) => (None, self.first, self.second),
            (Third::Year(year), DayMonthYear) => (Some(year), self.second, self.first),
            (Third::Year(year), MonthDayYear) => (Some(year), self.first, self.second),
            (Third::Year(_), YearMonthDay) => return None,
            (Third::TwoDigits(year), DayMonthYear) => {
                (Some(full_year(year)), self.second, self.first)
            }
            (Third::TwoDigits(year), MonthDayYear) => {
                (Some(full_year(year)), self.first, self.second)
            }
            (Third::OneDigit(_), MonthDayYear | DayMonthYear) => return None,
            (Third::OneDigit(day) | Third::TwoDigits(day), YearMonthDay) => {
                (self.is_padded.then(|| full_year(self.first)), self.second, day)
            }
        };
        let is_dateless_year = year.is_none() && self.third != Third::Missing;
        let exists = days_from_civil(year.unwrap_or(2024), month, day).is_some();
        (exists && !is_dateless_year).then_some((year, month, day))
    }

    /// The orders to try where the source tells nothing, the likeliest first.
    pub fn usual_orders(self) -> [DateOrder; 3] {
        match (self.separator, self.third) {
            (b'.', Third::Year(_) | Third::TwoDigits(_)) => {
                [DayMonthYear, MonthDayYear, YearMonthDay]
            }
            (_, Third::OneDigit(_) | Third::TwoDigits(_)) if self.is_padded => {
                [YearMonthDay, MonthDayYear, DayMonthYear]
            }
            _ => [MonthDayYear, DayMonthYear, YearMonthDay],
        }
    }

    /// Days since 1970 in this order; without a year, in one that has every day.
    fn days(self, order: DateOrder) -> Option<i64> {
        let (year, month, day) = self.in_order(order)?;
        days_from_civil(year.unwrap_or(2024), month, day)
    }
}

/// Two-digit years are this century's.
fn full_year(two_digits: u8) -> i32 {
    2000 + i32::from(two_digits)
}

/// What the lines of a source say of the order of its dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    pub order: DateOrder,
    /// `false`: another order reads the same lines as well.
    pub is_certain: bool,
}

/// The order of the dates that these lines begin with (or have as their first timestamp);
/// `None` if they have no such dates. `reference` is the file's own time.
pub fn decide(lines: &[&str], reference: Micros) -> Option<Decision> {
    let dates: Vec<ShortDate> = lines.iter().filter_map(|line| first_short_date(line)).collect();
    decide_dates(&dates, reference)
}

fn decide_dates(dates: &[ShortDate], reference: Micros) -> Option<Decision> {
    let usual = dates.first()?.usual_orders();
    let today = (reference + YEAR_SLACK).div_euclid(SECONDS_PER_DAY * 1_000_000);
    let mut readings: Vec<Reading> =
        usual.into_iter().map(|order| Reading::of(dates, order, today)).collect();
    keep_fewest(&mut readings, |reading| reading.missing);
    if reference > 0 {
        keep_fewest(&mut readings, |reading| reading.future);
    }
    keep_fewest(&mut readings, |reading| reading.backward);
    let smallest = readings.iter().map(|reading| reading.steps).min()?;
    readings.retain(|reading| {
        reading.steps < (smallest * STEPS_FACTOR).max(1) || reading.steps == smallest
    });
    let are_same = readings.iter().all(|reading| reading.newest == readings[0].newest)
        && readings.iter().all(|reading| reading.steps == readings[0].steps);
    let is_certain = readings.len() == 1 || are_same;
    // The file's own time is no proof, but the better guess: lines are written when they happen.
    let written = reference.div_euclid(SECONDS_PER_DAY * 1_000_000);
    let is_recent = |reading: &Reading| (written - reading.newest).abs() <= RECENT_DAYS_MAX;
    if reference > 0 && readings.iter().any(is_recent) {
        readings.retain(is_recent);
    }
    let chosen = later_year(readings.iter().map(|reading| (reading.order, reading.newest)))?;
    Some(Decision { order: chosen, is_certain })
}

/// The first of these orders, the likeliest first, with the days they make of a date; but logs are
/// read soon after they were written: of a year that stands first and one that stands last the
/// later one.
pub(super) fn later_year(readings: impl Iterator<Item = (DateOrder, Micros)>) -> Option<DateOrder> {
    let (mut year_first, mut year_last) = (None, None);
    for (order, at) in readings {
        let place = if order == YearMonthDay { &mut year_first } else { &mut year_last };
        place.get_or_insert((at, order));
    }
    match (year_first, year_last) {
        (Some(first), Some(last)) if first.0 > last.0 => Some(first.1),
        (first, last) => last.or(first).map(|(_, order)| order),
    }
}

/// How the dates of a source look in one order.
struct Reading {
    order: DateOrder,
    /// Dates that do not exist.
    missing: usize,
    /// Dates after the file's own time.
    future: usize,
    /// Lines that lie before the line above them.
    backward: usize,
    /// Days from line to line, added up.
    steps: i64,
    /// The latest day.
    newest: i64,
}

impl Reading {
    fn of(dates: &[ShortDate], order: DateOrder, today: i64) -> Reading {
        let days: Vec<i64> = dates.iter().filter_map(|date| date.days(order)).collect();
        let has_years = dates.iter().all(|date| date.third != Third::Missing);
        let pairs = || days.windows(2);
        Reading {
            order,
            missing: dates.len() - days.len(),
            future: if has_years { days.iter().filter(|&&day| day > today).count() } else { 0 },
            backward: pairs().filter(|pair| pair[1] < pair[0]).count(),
            steps: pairs().map(|pair| (pair[1] - pair[0]).abs()).sum(),
            newest: days.iter().copied().max().unwrap_or(i64::MIN),
        }
    }
}

fn keep_fewest(readings: &mut Vec<Reading>, count: impl Fn(&Reading) -> usize) {
    let fewest = readings.iter().map(&count).min().unwrap_or(0);
    readings.retain(|reading| count(reading) == fewest);
}

/// The first timestamp of a line, if its date is a short one.
fn first_short_date(line: &str) -> Option<ShortDate> {
    let bytes = line.as_bytes();
    for at in 0..bytes.len().min(STAMP_AT_MAX) {
        let before = at.checked_sub(1).map(|before| bytes[before]);
        let is_inside = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'/' | b':' | b'+' | b'_')
        };
        if !bytes[at].is_ascii_alphanumeric() || before.is_some_and(is_inside) {
            continue;
        }
        match read(&bytes[at..]) {
            Some((Stamp::Civil { date: Date::Short(date), .. }, _)) => return Some(date),
            // The line has a timestamp of another kind.
            Some((Stamp::Civil { date: Date::Full { .. } | Date::NoYear { .. }, .. }, _)) => {
                return None;
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T12:00:00Z.
    const REFERENCE: Micros = 1_795_348_800_000_000;

    fn decided(lines: &[&str]) -> Option<(&'static str, bool)> {
        decide(lines, REFERENCE).map(|decision| (decision.order.name(), decision.is_certain))
    }

    #[test]
    fn lines_tell_the_order() {
        for (lines, expected) in [
            // A number above 12.
            (&["13/01/2026 10:00:00 x", "02/02/2026 10:00:00 x"][..], Some(("dmy", true))),
            (&["01/13/2026 10:00:00 x", "02/02/2026 10:00:00 x"], Some(("mdy", true))),
            (&["[1/5/26, 8:35:38:653 CET] x"], Some(("mdy", false))),
            (
                &["[12/30/25, 23:59:58:004 CET] x", "[1/5/26, 8:35:38:653 CET] x"],
                Some(("mdy", true)),
            ),
            (&["30.12.25 23:59:58 x", "01.01.26 00:00:00 x"], Some(("dmy", true))),
            // The file's own time.
            (&["05/12/2026 10:00:00 x"], Some(("mdy", true))),
            (&["12/05/2026 10:00:00 x"], Some(("dmy", true))),
            // Lines go forward, by small steps.
            (
                &["01/02/2026 10:00:00 x", "02/02/2026 10:00:00 x", "03/02/2026 10:00:00 x"],
                Some(("dmy", true)),
            ),
            (
                &["02/01/2026 10:00:00 x", "02/02/2026 10:00:00 x", "02/03/2026 10:00:00 x"],
                Some(("mdy", true)),
            ),
            (
                &["11/01/2026 10:00:00 x", "12/01/2026 10:00:00 x", "01/02/2026 10:00:00 x"],
                Some(("dmy", true)),
            ),
            // Nothing tells.
            (&["01/02/2026 10:00:00 x", "01/02/2026 11:00:00 x"], Some(("mdy", false))),
            (&["02/02/2026 10:00:00 x", "02/02/2026 11:00:00 x"], Some(("mdy", true))),
            // Of two years the later one.
            (&["17/06/09 20:10:40 INFO x"], Some(("ymd", false))),
            (&["05/01/26 20:10:40 INFO x"], Some(("mdy", false))),
            (&["26/01/05 20:10:40 INFO x", "26/01/31 20:10:40 INFO x"], Some(("ymd", true))),
            (&["2026-01-05 10:00:00 renamed 01/02/2026 10:00:00"], None),
            (&["no date at all", ""], None),
        ] {
            assert_eq!(decided(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn the_files_own_time_is_the_better_guess() {
        // 2026-03-02 and 2026-02-03, each written to at that day's noon or a day later.
        for (day, expected) in [(20_514, "dmy"), (20_515, "dmy"), (20_487, "mdy"), (20_488, "mdy")]
        {
            let written = (day * SECONDS_PER_DAY + 43_200) * 1_000_000;
            let lines = ["02/03/2026 10:11:12 x", "02/03/2026 10:11:13 x"];
            let decision = decide(&lines, written).unwrap();
            assert_eq!((decision.order.name(), day), (expected, day));
        }
    }
}
