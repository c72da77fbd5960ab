//! Spellings of timestamps: which one a text begins with, and how long it is.

use super::clock::{
    is_boundary, read_bias, read_compact_time, read_fraction, read_meridiem, read_time,
    read_time_of_letters, read_unpadded_time, read_zone, two_digits,
};
use super::date::{read_date_behind, read_day_first, read_named, read_short_date, read_year_first};
use super::tai64::read_tai64;
use super::{Date, MICROS_PER_SECOND, Stamp, Zone, epoch};

/// Recognises a timestamp at the beginning of `text`, with its length in bytes.
///
/// The length covers a fraction and a zone that belong to it, not what follows.
#[inline]
pub fn read(text: &[u8]) -> Option<(Stamp, usize)> {
    match text.first()? {
        b'0'..=b'9' => read_usual(text).or_else(|| read_iso(text)).or_else(|| read_numeric(text)),
        b'A'..=b'Z' | b'a'..=b'z' | 0x80.. => read_named(text),
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
    let (zone, end) = read_zone(text, end);
    let date = Date::Full { year, month: two(5), day: two(8) };
    Some((Stamp::Civil { date, time: seconds * MICROS_PER_SECOND + millis * 1000, zone }, end))
}

/// `2026-01-05 00:00:00.123`, with its many separators, fractions and zones.
#[inline]
pub(super) fn read_iso(text: &[u8]) -> Option<(Stamp, usize)> {
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
    let (zone, end) = read_zone(text, time_end);
    Some((Stamp::Civil { date: Date::Full { year, month, day }, time, zone }, end))
}

/// Spellings of digits other than ISO: `05/Jan/2026:…`, `17/06/09 …`, `01/05/2026 …`,
/// `2026-1-5 9:03:11`, `03-17 16:13:38.811`, `20171223-22:15:29:606`, `20260105T101112Z`,
/// `14:03:11.120`, `1.7675712e9`, `0x695b8a00`.
fn read_numeric(text: &[u8]) -> Option<(Stamp, usize)> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let separator = *text.get(digits)?;
    match (digits, separator) {
        (1, b'.') if is_exponent(text) => read_exponent(text),
        (1, b'x' | b'X') => read_hexadecimal(text),
        (1 | 2, b'/' | b'-' | b' ' | b'.') => {
            read_day_first(text, digits).or_else(|| read_short_date(text, digits))
        }
        (4, _) => read_year_first(text),
        (2, b':') => {
            let (time, end) = read_time(text, 0)?;
            let (zone, end) = read_zone(text, end);
            let (date, end) = read_date_behind(text, end).unwrap_or((Date::None, end));
            Some((Stamp::Civil { date, time, zone }, end))
        }
        // `1月 05, 2026 10:11:12 午前`
        (1 | 2, 0x80..) => read_named(text),
        (8, b'-' | b'T' | b' ' | b'_' | b':' | b'.') => read_compact(text),
        (10, _) if separator == b'.' || is_boundary(separator) => read_epoch_head(text, digits),
        (13 | 16 | 19, _) if is_boundary(separator) => read_epoch_head(text, digits),
        (14, _) => read_fourteen(text),
        (17, _) if is_boundary(separator) => read_seventeen(text),
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

/// `1.7675712001234e+09`, as Go's zap writes seconds.
fn read_exponent(text: &[u8]) -> Option<(Stamp, usize)> {
    let length = text.iter().take_while(|b| !is_boundary(**b)).count();
    Some((Stamp::Instant(epoch(std::str::from_utf8(&text[..length]).ok()?)?), length))
}

/// Whether a number goes on as `1.7675712e…` does.
fn is_exponent(text: &[u8]) -> bool {
    let digits = text[2..].iter().take_while(|b| b.is_ascii_digit()).count();
    digits > 0 && matches!(text.get(2 + digits), Some(b'e' | b'E'))
}

/// `0x695b8a00`: seconds since 1970, as Windows tools write them.
fn read_hexadecimal(text: &[u8]) -> Option<(Stamp, usize)> {
    let length = text.iter().take_while(|b| !is_boundary(**b)).count();
    Some((Stamp::Instant(epoch(std::str::from_utf8(&text[..length]).ok()?)?), length))
}

/// `20171223-22:15:29:606`, `20260105T101112Z`, `20260105 101112`, `20260105:101112.123` (Zabbix),
/// `20260105.10h11m12s` (Apache Traffic Server).
fn read_compact(text: &[u8]) -> Option<(Stamp, usize)> {
    let year = i32::from(two_digits(text, 0)?) * 100 + i32::from(two_digits(text, 2)?);
    let (month, day) = (two_digits(text, 4)?, two_digits(text, 6)?);
    if !(1900..=2200).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let date = Date::Full { year, month, day };
    if text[8] == b'.' {
        let (time, end) = read_time_of_letters(text, 9)?;
        return Some((Stamp::Civil { date, time, zone: None }, end));
    }
    let (time, end) = read_time(text, 9)
        .or_else(|| read_compact_time(text, 9))
        .or_else(|| read_unpadded_time(text, 9))?;
    let (zone, end) = read_zone(text, end);
    Some((Stamp::Civil { date, time, zone }, end))
}

/// `20260105101112.123456+060`: fourteen digits, as Windows' management interface and IIS
/// write them, with an offset in minutes; also without fraction and offset.
fn read_fourteen(text: &[u8]) -> Option<(Stamp, usize)> {
    let year = i32::from(two_digits(text, 0)?) * 100 + i32::from(two_digits(text, 2)?);
    let (month, day) = (two_digits(text, 4)?, two_digits(text, 6)?);
    if !(1970..=2200).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (time, end) = read_compact_time(text, 8)?;
    let (zone, end) = match read_bias(text, end) {
        Some((seconds_east, end)) => (Some(Zone::Fixed { seconds_east }), end),
        None => read_zone(text, end),
    };
    Some((Stamp::Civil { date: Date::Full { year, month, day }, time, zone }, end))
}

/// `20260105101112123`: the same with milliseconds and nothing between.
fn read_seventeen(text: &[u8]) -> Option<(Stamp, usize)> {
    let mut separated = [b'.'; 18];
    separated[..14].copy_from_slice(text.get(..14)?);
    separated[15..].copy_from_slice(text.get(14..17)?);
    let (stamp, _) = read_fourteen(&separated)?;
    Some((stamp, 17))
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
    Some((Stamp::Civil { date: Date::Full { year, month, day }, time, zone: None }, end))
}
