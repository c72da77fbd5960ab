//! Dates other than ISO, with the time behind them: numbers of one or two digits, names of
//! months, names of weekdays.

use chrono::{Datelike, NaiveDate};

use super::clock::{
    ends_word, is_boundary, read_meridiem_before, read_short_time, read_time, read_time_in_words,
    read_zone, small_number, two_digits,
};
use super::months::{month, weekday};
use super::order::{ShortDate, Third};
use super::spelling::read_iso;
use super::{Date, Stamp};
use crate::record::Micros;

/// A time of day from `at`, with one digit for the hour or two.
fn read_any_time(text: &[u8], at: usize) -> Option<(Micros, usize)> {
    read_time(text, at)
        .or_else(|| read_short_time(text, at))
        .or_else(|| read_meridiem_before(text, at))
        .or_else(|| read_time_in_words(text, at))
}

/// A date behind a time that ends at `at`: `10:11:12 2026-01-05`, `10:11:12.123 05-Jan-2026`,
/// `10:11:12 05/01/2026`. One that a time follows is another stamp's.
pub(super) fn read_date_behind(text: &[u8], at: usize) -> Option<(Date, usize)> {
    let at = at
        + match text.get(at..at + 2)? {
            b", " => 2,
            [b' ', _] => 1,
            _ => return None,
        };
    // The readers of dates want a time behind them: this is one.
    let length = text[at..].iter().take_while(|b| !is_boundary(**b)).count();
    const DATE_BYTES_MAX: usize = 24;
    const TIME: &[u8] = b" 00:00:00";
    let mut dated = [0; DATE_BYTES_MAX + TIME.len()];
    if !(6..=DATE_BYTES_MAX).contains(&length) || !text[at].is_ascii_digit() {
        return None;
    }
    dated[..length].copy_from_slice(&text[at..at + length]);
    dated[length..length + TIME.len()].copy_from_slice(TIME);
    let (stamp, end) = super::read(&dated[..length + TIME.len()])?;
    let Stamp::Civil { date: date @ (Date::Full { .. } | Date::Short(_)), .. } = stamp else {
        return None;
    };
    // `10.2.3` is a version.
    let has_year = match date {
        Date::Short(short) => matches!(short.third, Third::Year(_)),
        _ => true,
    };
    let is_all = end == length + TIME.len() && has_year;
    let is_before_time = read_any_time(text, at + length + 1).is_some();
    (is_all && !is_before_time).then_some((date, at + length))
}

/// A stamp of this date and the time from `at`.
fn with_time(text: &[u8], date: Date, at: usize) -> Option<(Stamp, usize)> {
    let (time, end) = read_any_time(text, at)?;
    let (zone, end) = read_zone(text, end);
    Some((Stamp::Civil { date, time, zone }, end))
}

/// Where the time begins behind a date that ends at `end`: after a blank, `T`, a dash (perhaps two,
/// with blanks around them), a comma or a bar.
fn time_after(text: &[u8], end: usize) -> Option<usize> {
    match text.get(end..end + 2)? {
        b", " => Some(end + 2),
        b" -" => match text.get(end + 2..end + 4)? {
            b"- " => Some(end + 4),
            [b' ', _] => Some(end + 3),
            _ => None,
        },
        [b'|', b'0'..=b'9'] => Some(end + 1),
        [b' ' | b'T' | b'-' | b'_' | b',' | b'\t', _] => Some(end + 1),
        _ => None,
    }
}

/// `05/Jan/2026:10:11:12 +0100`, `5 Jan 2026 10:11:12`, `05-janv.-2026 10:11:12.123`.
pub(super) fn read_day_first(text: &[u8], digits: usize) -> Option<(Stamp, usize)> {
    let day = small_number(&text[..digits])?;
    let separator = text[digits];
    // `5. Januar 2026`
    let name_at =
        digits + 1 + usize::from(separator == b'.' && text.get(digits + 1) == Some(&b' '));
    let (month, length) = month(text.get(name_at..)?)?;
    let name_end = name_at + length;
    if !matches!(*text.get(name_end)?, found if found == separator || found == b' ' || found == b'-')
    {
        return None;
    }
    let (year, year_end) = read_any_year(text, name_end + 1)?;
    if !matches!(text.get(year_end)?, b':' | b' ' | b'T' | b',') {
        return None;
    }
    let time_at =
        year_end + 1 + usize::from(text[year_end] == b',' && text.get(year_end + 1) == Some(&b' '));
    with_time(text, Date::Full { year, month, day }, time_at)
}

/// A year of four digits, or of two: this century's.
fn read_any_year(text: &[u8], at: usize) -> Option<(i32, usize)> {
    let short = i32::from(two_digits(text, at)?);
    match two_digits(text, at + 2) {
        Some(rest) => Some((short * 100 + i32::from(rest), at + 4)),
        // `05 Jan 10:11:12` has no year.
        None if text.get(at + 2) == Some(&b':') => None,
        None => Some((2000 + short, at + 2)),
    }
}

/// Dates of parts of one or two digits: `17/06/09`, `1/5/2026`, `05.01.2026`, `03-17`, `10.30`.
pub(super) fn read_short_date(text: &[u8], digits: usize) -> Option<(Stamp, usize)> {
    let separator = text[digits];
    if separator == b' ' {
        return None;
    }
    let first = small_number(&text[..digits])?;
    let rest = &text[digits + 1..];
    let second_digits = rest.iter().take(3).take_while(|b| b.is_ascii_digit()).count();
    let second = small_number(rest.get(..second_digits)?)?;
    let date_end = digits + 1 + second_digits;
    let is_padded = digits == 2;
    let (third, end) = match *text.get(date_end)? {
        // `03-17 16:13:38`, Snort's `03/17-16:13:38`, and go-ethereum's `03-17|16:13:38`.
        b' ' | b'-' | b'|' if is_padded && second_digits == 2 && text[date_end] != separator => {
            (Third::Missing, date_end)
        }
        other if other == separator => {
            let last = &text[date_end + 1..];
            let last_digits = last.iter().take(5).take_while(|b| b.is_ascii_digit()).count();
            let third = match last_digits {
                4 => Third::Year(
                    i32::from(two_digits(last, 0)?) * 100 + i32::from(two_digits(last, 2)?),
                ),
                2 => Third::TwoDigits(two_digits(last, 0)?),
                1 if is_padded => Third::OneDigit(small_number(&last[..1])?),
                _ => return None,
            };
            (third, date_end + 1 + last_digits)
        }
        _ => return None,
    };
    let date = ShortDate { first, second, third, separator, is_padded };
    let exists = super::DateOrder::ALL.iter().any(|order| date.in_order(*order).is_some());
    if !exists {
        return None;
    }
    with_time(text, Date::Short(date), time_after(text, end)?)
}

/// A year and parts without leading zeros: `2026-1-5 9:03:11`, `2026/1/5 10:11:12`,
/// `2026. 1. 5. 10:11:12`, `2026年1月5日 10:11:12`.
pub(super) fn read_year_first(text: &[u8]) -> Option<(Stamp, usize)> {
    let year = i32::from(two_digits(text, 0)?) * 100 + i32::from(two_digits(text, 2)?);
    if !(1900..=2200).contains(&year) {
        return None;
    }
    if let Some(ordinal) = read_ordinal(text, year).or_else(|| read_year_and_month(text, year)) {
        return Some(ordinal);
    }
    let between = [
        [&b"-"[..], b"-", b""],
        [b"/", b"/", b""],
        [b".", b".", b""],
        [b". ", b". ", b"."],
        ["年".as_bytes(), "月".as_bytes(), "日".as_bytes()],
    ];
    between.iter().find_map(|[after_year, after_month, after_day]| {
        let month_at = 4 + eaten(text, 4, after_year)?;
        let (month, month_end) = read_small(text, month_at)?;
        let day_at = month_end + eaten(text, month_end, after_month)?;
        let (day, day_end) = read_small(text, day_at)?;
        let end = day_end + eaten(text, day_end, after_day)?;
        super::days_from_civil(year, month, day)?;
        with_time(text, Date::Full { year, month, day }, time_after(text, end)?)
    })
}

/// `2026-005T10:11:12.123Z`: the day of the year (ISO 8601, section 5.2.2).
fn read_ordinal(text: &[u8], year: i32) -> Option<(Stamp, usize)> {
    let [b'-', digits @ .., b'T'] = text.get(4..9)? else { return None };
    let [hundreds, tens, ones] = *digits else { return None };
    let number = |digit: u8| digit.is_ascii_digit().then(|| u32::from(digit - b'0'));
    let day = number(hundreds)? * 100 + number(tens)? * 10 + number(ones)?;
    let date = NaiveDate::from_yo_opt(year, day)?;
    let (month, day) = (date.month() as u8, date.day() as u8);
    with_time(text, Date::Full { year, month, day }, 9)
}

/// `2026 Jan  5 10:11:12`, as Cisco's NX-OS writes it.
fn read_year_and_month(text: &[u8], year: i32) -> Option<(Stamp, usize)> {
    let (month, length) = month(text.get(5..).filter(|_| text[4] == b' ')?)?;
    let blank = 5 + length;
    let day_at = blank + 1 + usize::from(text.get(blank + 1) == Some(&b' '));
    let (day, end) = read_small(text, day_at).filter(|_| text[blank] == b' ')?;
    super::days_from_civil(year, month, day)?;
    let time_at = end + 1;
    with_time(text, Date::Full { year, month, day }, time_at).filter(|_| text[end] == b' ')
}

/// The length of `what` if it stands at `at`.
fn eaten(text: &[u8], at: usize, what: &[u8]) -> Option<usize> {
    text.get(at..)?.starts_with(what).then_some(what.len())
}

/// A number of one or two digits and where it ends.
fn read_small(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let digits = text.get(at..)?.iter().take(3).take_while(|b| b.is_ascii_digit()).count();
    if !(1..=2).contains(&digits) {
        return None;
    }
    Some((small_number(&text[at..at + digits])?, at + digits))
}

/// Spellings that begin with a name: `Jan  5 10:11:12`, `Sun Dec 04 04:47:44 2005`,
/// `Sun, 04 Dec 2005 04:47:44 GMT`, `Jan 05 2026 10:11:12`, `Jan 5, 2026 9:03:11 PM`.
pub(super) fn read_named(text: &[u8]) -> Option<(Stamp, usize)> {
    read_month_first(text, 0).or_else(|| read_after_weekday(text))
}

/// What follows `Mon `, `Mon, ` or `Mo. `.
fn read_after_weekday(text: &[u8]) -> Option<(Stamp, usize)> {
    let name_end = weekday(text)?;
    let at = match text.get(name_end..name_end + 2)? {
        b", " | b"  " => name_end + 2,
        [b' ', _] => name_end + 1,
        _ => return None,
    };
    let rest = &text[at..];
    let (stamp, length) = match rest.first()? {
        b'0'..=b'9' => {
            // `Mon 2026-01-05 10:11:12`, as systemd writes it.
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            read_iso(rest)
                .or_else(|| {
                    (digits <= 2 && digits < rest.len()).then(|| read_day_first(rest, digits))?
                })
                .or_else(|| {
                    (digits <= 2 && digits < rest.len()).then(|| read_short_date(rest, digits))?
                })
                .or_else(|| read_day_and_month(rest, digits))?
        }
        _ => read_month_first(rest, 0)?,
    };
    Some((stamp, at + length))
}

/// `5 Jan 10:11:12 GMT 2026`, `5. Jan 10:11:12 CET 2026`: what `date` prints after the weekday in
/// Europe's languages.
fn read_day_and_month(text: &[u8], digits: usize) -> Option<(Stamp, usize)> {
    let day = small_number(text.get(..digits).filter(|_| digits <= 2)?)?;
    let month_at = digits + usize::from(text.get(digits) == Some(&b'.')) + 1;
    let (month, length) = month(text.get(month_at..).filter(|_| text[month_at - 1] == b' ')?)?;
    let (stamp, end) = read_after_month_day(text, month_at + length, month, day)?;
    // Without its year it may be a sentence that speaks of a day.
    matches!(stamp, Stamp::Civil { date: Date::Full { .. }, .. }).then_some((stamp, end))
}

/// `Jan  5 10:11:12` from `at`.
fn read_month_first(text: &[u8], at: usize) -> Option<(Stamp, usize)> {
    let (month, length) = month(text.get(at..)?)?;
    let at = at + length;
    if text.get(at) != Some(&b' ') {
        return None;
    }
    let at = at + 1 + usize::from(text.get(at + 1) == Some(&b' '));
    let (day, at) = read_small(text, at)?;
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
        let time_at = match text.get(at + 4..at + 7) {
            // `Jan 5, 2026 @ 10:11:12.123`, as Kibana exports it.
            Some(b" @ ") => at + 7,
            _ => time_after(text, at + 4)?,
        };
        return with_time(text, Date::Full { year, month, day }, time_at);
    }
    let (time, time_end) = read_time(text, at)?;
    let (zone, zone_end) = read_zone(text, time_end);
    if text.get(zone_end) == Some(&b' ')
        && let Some(year) = read_year(text, zone_end + 1)
    {
        let date = Date::Full { year, month, day };
        return Some((Stamp::Civil { date, time, zone }, zone_end + 5));
    }
    Some((Stamp::Civil { date: Date::NoYear { month, day }, time, zone }, zone_end))
}

/// Four digits that are a year and end there.
fn read_year(text: &[u8], at: usize) -> Option<i32> {
    let year = i32::from(two_digits(text, at)?) * 100 + i32::from(two_digits(text, at + 2)?);
    ((1970..=2200).contains(&year) && ends_word(text, at + 4) && text.get(at + 4) != Some(&b':'))
        .then_some(year)
}
