//! The time of day and the zone of a timestamp: `00:00:00.123`, `9:03:11 PM`, `+02:00`.

use super::{MICROS_PER_SECOND, Zone};
use crate::record::Micros;

/// `HH:MM:SS` and its fraction from `at`; returns microseconds and where it ended.
#[inline]
pub(super) fn read_time(text: &[u8], at: usize) -> Option<(Micros, usize)> {
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
pub(super) fn read_meridiem(text: &[u8], at: usize, seconds: i64) -> (i64, usize) {
    let word_at = at + text.get(at..).map_or(0, blank_length);
    let found = match text.get(word_at) {
        Some(half @ (b'a' | b'A' | b'p' | b'P')) => meridiem_length(&text[word_at..])
            .map(|length| (half.eq_ignore_ascii_case(&b'p'), length))
            .or_else(|| read_half(&text[word_at..])),
        Some(b'v' | b'V' | b'n' | b'N' | b'd' | b'o' | b'i' | 0x80..) => {
            read_half(&text[word_at..])
        }
        _ => None,
    };
    match found.filter(|_| seconds / 3600 <= 12) {
        Some((is_afternoon, length)) => (of_half_day(seconds, is_afternoon), word_at + length),
        None => (seconds, at),
    }
}

/// The halves of a day in languages that do not write AM and PM (Unicode CLDR, day periods),
/// those that no word of a message looks like.
const HALVES: [(&str, bool); 14] = [
    ("vorm.", false),
    ("nachm.", true),
    ("dop.", false),
    ("odp.", true),
    ("ap.", false),
    ("ip.", true),
    ("de.", false),
    ("du.", true),
    ("오전", false),
    ("오후", true),
    ("上午", false),
    ("下午", true),
    ("午前", false),
    ("午後", true),
];

/// One of [`HALVES`], in any case: whether it is the second, and its length.
fn read_half(text: &[u8]) -> Option<(bool, usize)> {
    let (name, is_afternoon) = HALVES.iter().find(|(name, _)| {
        text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes()))
    })?;
    Some((*is_afternoon, name.len()))
}

/// Seconds since midnight of a time on a clock of twelve hours.
fn of_half_day(seconds: i64, is_afternoon: bool) -> i64 {
    seconds % (12 * 3600) + if is_afternoon { 12 * 3600 } else { 0 }
}

/// One blank, also one of those that do not break, which ICU writes before AM and PM.
fn blank_length(text: &[u8]) -> usize {
    match text {
        [b' ', ..] => 1,
        [0xc2, 0xa0, ..] => 2,
        [0xe2, 0x80, 0xaf | 0x89, ..] => 3,
        _ => 0,
    }
}

/// `AM`, `pm`, `a.m.`, `p. m.` (Spanish, with whichever blank).
fn meridiem_length(text: &[u8]) -> Option<usize> {
    let mut at = 1 + usize::from(text.get(1) == Some(&b'.'));
    let is_dotted = at == 2;
    if is_dotted {
        at += blank_length(&text[at..]);
    }
    if !text.get(at)?.eq_ignore_ascii_case(&b'm') {
        return None;
    }
    at += 1 + usize::from(is_dotted && text.get(at + 1) == Some(&b'.'));
    ends_word(text, at).then_some(at)
}

/// A time of twelve hours whose half of the day stands before it, as in Korean, Chinese and
/// Japanese: `오전 10:11:12`, `下午3:04:05`.
pub(super) fn read_meridiem_before(text: &[u8], at: usize) -> Option<(Micros, usize)> {
    let rest = text.get(at..).filter(|rest| !rest.is_ascii())?;
    let (is_afternoon, length) = read_half(rest)?;
    let time_at = at + length + blank_length(&rest[length..]);
    let (time, end) = read_time(text, time_at).or_else(|| read_short_time(text, time_at))?;
    let (seconds, fraction) = (time / MICROS_PER_SECOND, time % MICROS_PER_SECOND);
    let is_of_twelve = seconds / 3600 <= 12;
    is_of_twelve.then(|| (of_half_day(seconds, is_afternoon) * MICROS_PER_SECOND + fraction, end))
}

/// `10时11分12秒` in Chinese, Japanese and Korean.
pub(super) fn read_time_in_words(text: &[u8], at: usize) -> Option<(Micros, usize)> {
    const UNITS: [[&str; 3]; 3] = [["时", "分", "秒"], ["時", "分", "秒"], ["시", "분", "초"]];
    UNITS.iter().find_map(|units| {
        let mut at = at;
        let mut seconds = 0;
        for (unit, limit) in units.iter().zip([24, 60, 61]) {
            at += text.get(at..).map_or(0, blank_length);
            let digits = text.get(at..)?.iter().take(3).take_while(|b| b.is_ascii_digit()).count();
            let part = i64::from(small_number(&text[at..at + digits])?);
            at += digits;
            if digits > 2 || part >= limit || !text[at..].starts_with(unit.as_bytes()) {
                return None;
            }
            at += unit.len();
            seconds = seconds * 60 + part;
        }
        Some((seconds * MICROS_PER_SECOND, at))
    })
}

/// `.123`, `,123456` or `:123` in microseconds; digits beyond nanoseconds are refused.
#[inline]
pub(super) fn read_fraction(text: &[u8]) -> Option<(Micros, usize)> {
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

/// A zone right after a time (`Z`, `+0200`, ` +02:00`, ` UTC`, `+01:00[Europe/Berlin]`,
/// ` Europe/Berlin`) and where it ended.
#[inline]
pub(super) fn read_zone(text: &[u8], at: usize) -> (Option<Zone>, usize) {
    let (offset, end) = read_offset_or_name(text, at);
    let zone = offset.map(|seconds_east| Zone::Fixed { seconds_east });
    match (zone, text.get(end)) {
        (Some(_), Some(b'[')) => (zone, end + region_length(&text[end..])),
        (None, Some(b' ')) if text.get(end + 1).is_some_and(u8::is_ascii_uppercase) => {
            match read_region(&text[end + 1..]) {
                Some((region, length)) => (Some(region), end + 1 + length),
                None => (None, end),
            }
        }
        _ => (zone, end),
    }
}

/// A region of the time zone database, as PHP writes it: `Europe/Berlin`.
fn read_region(text: &[u8]) -> Option<(Zone, usize)> {
    // Nearly always it is a level in capitals.
    if !text.get(1)?.is_ascii_lowercase() && !text.starts_with(b"US/") {
        return None;
    }
    let window = &text[..text.len().min(REGION_BYTES_MAX)];
    let is_of_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+');
    let length = window.iter().take_while(|b| is_of_name(b)).count();
    let name = std::str::from_utf8(&text[..length]).ok().filter(|name| name.contains('/'))?;
    name.parse().ok().map(|zone| (Zone::Named(zone), length))
}

/// Longest name of a region: `America/Argentina/ComodRivadavia` has 32.
const REGION_BYTES_MAX: usize = 40;

/// The region that Java writes after an offset, which says no more: `[Europe/Berlin]`.
fn region_length(text: &[u8]) -> usize {
    let inside = text[1..].iter().take(REGION_BYTES_MAX);
    let length = inside
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+'))
        .count();
    let is_region = text[1..=length].contains(&b'/') && text.get(length + 1) == Some(&b']');
    if is_region { length + 2 } else { 0 }
}

#[inline]
fn read_offset_or_name(text: &[u8], at: usize) -> (Option<i32>, usize) {
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
            if let (None, true) = (offset, zone_at == at)
                && let Some((seconds, end)) = read_bias(text, at)
            {
                return (Some(seconds), end);
            }
            match offset {
                Some((seconds, length)) if zone_at == at || length >= 5 => {
                    (Some(seconds), zone_at + length)
                }
                _ => (None, at),
            }
        }
        Some(b'U' | b'G' | b'Z') => match text.get(zone_at..zone_at + 3) {
            Some(b"UTC" | b"GMT") => after_utc(text, zone_at + 3).unwrap_or((None, at)),
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

/// What follows `UTC` or `GMT`: nothing, or an offset (`GMT+1`, `UTC+01:00`).
fn after_utc(text: &[u8], at: usize) -> Option<(Option<i32>, usize)> {
    let sign = match text.get(at) {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return ends_word(text, at).then_some((Some(0), at)),
    };
    if let Some((seconds, length)) = read_offset(&text[at..]) {
        let end = at + length;
        return Some((Some(seconds), end + zone_title_length(&text[end..])));
    }
    let hours = text.get(at + 1).filter(|b| b.is_ascii_digit()).map(|b| i32::from(b - b'0'));
    match hours {
        Some(hours) if ends_word(text, at + 2) => Some((Some(sign * hours * 3600), at + 2)),
        // `UTC - message`
        _ => Some((Some(0), at)),
    }
}

/// The name that JavaScript's dates have after `GMT+0100`, which says no more: ` (Central European
/// Standard Time)`.
fn zone_title_length(text: &[u8]) -> usize {
    const TITLE_BYTES_MAX: usize = 80;
    let Some(title) = text.strip_prefix(b" (") else { return 0 };
    let ends = |byte: &u8| matches!(byte, b'(' | b')' | b'0'..=b'9');
    match title.iter().take(TITLE_BYTES_MAX).position(ends) {
        Some(length) if length > 0 && title[length] == b')' => length + 3,
        _ => 0,
    }
}

/// An offset in minutes, as Windows' management interface and Db2 write it: `+060`, `-480`.
pub(super) fn read_bias(text: &[u8], at: usize) -> Option<(i32, usize)> {
    let sign = match text.get(at)? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = text.get(at + 1..at + 4)?;
    if !digits.iter().all(u8::is_ascii_digit) || !ends_word(text, at + 4) {
        return None;
    }
    let minutes = digits.iter().fold(0, |n, b| n * 10 + i32::from(b - b'0'));
    (minutes <= 18 * 60).then_some((sign * minutes * 60, at + 4))
}

/// Zone names that mean one offset wherever they are usual, as PostgreSQL, Java and `date`
/// write them: those of RFC 5322 (section 4.3), Europe's, East Asia's, Australia's and
/// others. `CST` is not among them, which is China's as well as Chicago's, nor are `IST`
/// and `AST`.
pub(super) fn zone_of_name(text: &[u8]) -> Option<(i32, usize)> {
    let length = text.iter().take_while(|b| b.is_ascii_uppercase()).count();
    if !(3..=4).contains(&length) || !ends_word(text, length) {
        return None;
    }
    let minutes = match &text[..length] {
        b"HST" => -600,
        b"AKST" => -540,
        b"PST" | b"AKDT" => -480,
        b"PDT" | b"MST" => -420,
        b"MDT" => -360,
        b"CDT" | b"EST" => -300,
        b"EDT" => -240,
        b"BRT" | b"ART" => -180,
        b"WET" => 0,
        b"BST" | b"CET" | b"MEZ" | b"WEST" => 60,
        b"CEST" | b"MESZ" | b"EET" | b"SAST" | b"CAT" => 120,
        b"EEST" | b"MSK" | b"EAT" => 180,
        b"PKT" => 300,
        b"WIB" => 420,
        b"AWST" | b"HKT" | b"SGT" => 480,
        b"JST" | b"KST" => 540,
        b"ACST" => 570,
        b"AEST" => 600,
        b"ACDT" => 630,
        b"AEDT" => 660,
        b"NZST" => 720,
        b"NZDT" => 780,
        _ => return None,
    };
    Some((minutes * 60, length))
}

/// `+02:00`, `+0200` or `+02` in seconds east of UTC, with its length.
pub(super) fn read_offset(text: &[u8]) -> Option<(i32, usize)> {
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

/// `9:3:11:7` from `at`: numbers put together without leading zeros, so that what
/// follows the seconds is a number of milliseconds, not a fraction.
pub(super) fn read_unpadded_time(text: &[u8], mut at: usize) -> Option<(Micros, usize)> {
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
pub(super) fn read_compact_time(text: &[u8], at: usize) -> Option<(Micros, usize)> {
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

/// `10h11m12s` from `at`.
pub(super) fn read_time_of_letters(text: &[u8], at: usize) -> Option<(Micros, usize)> {
    let letters = [text.get(at + 2)?, text.get(at + 5)?, text.get(at + 8)?];
    if letters != [&b'h', &b'm', &b's'] {
        return None;
    }
    let mut digits = [0; 6];
    for (part, digits) in digits.chunks_exact_mut(2).enumerate() {
        digits.copy_from_slice(&text[at + 3 * part..][..2]);
    }
    let (time, _) = read_compact_time(&digits, 0)?;
    Some((time, at + 9))
}

/// A one-digit hour, as American spellings have it: `1/5/2026 9:03:11 PM`.
pub(super) fn read_short_time(text: &[u8], at: usize) -> Option<(Micros, usize)> {
    if text.get(at + 1) != Some(&b':') {
        return None;
    }
    let mut padded = [b'0'; 40];
    let length = (text.len() - at).min(padded.len() - 1);
    padded[1..=length].copy_from_slice(&text[at..at + length]);
    let (time, end) = read_time(&padded[..=length], 0)?;
    Some((time, at + end - 1))
}

#[inline]
pub(super) fn two_digits(text: &[u8], at: usize) -> Option<u8> {
    match text.get(at..at + 2)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some((tens - b'0') * 10 + (ones - b'0')),
        _ => None,
    }
}

pub(super) fn small_number(digits: &[u8]) -> Option<u8> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

pub(super) fn is_boundary(byte: u8) -> bool {
    byte == b' ' || byte == b'\t' || byte == b']' || byte == b'|' || byte == b',' || byte == b':'
}

/// Whether a word that ends at `at` really ends there.
pub(super) fn ends_word(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric())
}
