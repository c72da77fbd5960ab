//! Spellings of timestamps: which one a text begins with, and how long it is.

use super::clock::{
    ends_word, is_boundary, read_compact_time, read_fraction, read_meridiem, read_short_time,
    read_time, read_unpadded_time, read_zone, small_number, two_digits,
};
use super::tai64::read_tai64;
use super::{Date, MICROS_PER_SECOND, Stamp, epoch};

/// Recognises a timestamp at the beginning of `text`, with its length in bytes.
///
/// The length covers a fraction and a zone that belong to it, not what follows.
#[inline]
pub fn read(text: &[u8]) -> Option<(Stamp, usize)> {
    match text.first()? {
        b'0'..=b'9' => read_usual(text).or_else(|| read_iso(text)).or_else(|| read_numeric(text)),
        b'A'..=b'Z' | b'a'..=b'z' => read_named(text),
        b'@' => read_tai64(text),
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

/// A date of three numbers: by rule, not by guess (see the module's rules).
fn full_short_date(separator: u8, first: u8, second: u8, last: &[u8]) -> Option<Date> {
    match last.len() {
        4 => {
            let year = i32::from(two_digits(last, 0)?) * 100 + i32::from(two_digits(last, 2)?);
            if separator != b'.' {
                let is_date = month_then_day(first, second).is_some();
                return is_date.then_some(Date::Slashed { first, second, year });
            }
            let (month, day) = month_then_day(second, first)?;
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
