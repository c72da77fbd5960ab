//! Durations, sizes and times as people write them: `1h30m`, `100MB`, `2026-01-05`.

use chrono::{DateTime, Utc};

use crate::clock;
use crate::error::{Error, Result};
use crate::parse::time::{EXAMPLES, given};

/// Milliseconds of a duration such as `90s`, `1h30m`, `1.5h`, `2d`.
pub fn parse_duration_ms(text: &str) -> Result<u64> {
    let wrong = || {
        Error::usage(format!(
            "'{text}' is not a duration; write a number and a unit (ms, s, m, h, d, w), such as 90s, 6h or 1h30m"
        ))
    };
    let mut rest = text.trim();
    let mut total_ms = 0.0;
    while !rest.is_empty() {
        let (number, after) = split_number(rest).ok_or_else(wrong)?;
        let unit_len = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let unit_ms = match &after[..unit_len] {
            "ms" => 1.0,
            "s" => 1e3,
            "m" | "min" => 60e3,
            "h" => 3_600e3,
            "d" => 86_400e3,
            "w" => 604_800e3,
            _ => return Err(wrong()),
        };
        total_ms += number * unit_ms;
        rest = &after[unit_len..];
    }
    if text.trim().is_empty() { Err(wrong()) } else { Ok(total_ms as u64) }
}

/// Bytes of a size such as `100MB` (10^6), `64KiB` (2^10) or `4096`.
pub fn parse_size(text: &str) -> Result<u64> {
    let wrong = || {
        Error::usage(format!(
            "'{text}' is not a size; write a number and a unit, such as 500KB, 100MB or 1GB"
        ))
    };
    let (number, unit) = split_number(text.trim()).ok_or_else(wrong)?;
    let unit_bytes = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(wrong()),
    };
    let bytes = (number * unit_bytes) as u64;
    if bytes == 0 { Err(wrong()) } else { Ok(bytes) }
}

/// A time as every command takes it.
pub fn parse_time(text: &str) -> Result<DateTime<Utc>> {
    given(text, clock::now())
        .and_then(DateTime::from_timestamp_micros)
        .ok_or_else(|| Error::usage(format!("'{text}' is not a time; {EXAMPLES}")))
}

/// The decimal number `text` starts with, and what follows it.
fn split_number(text: &str) -> Option<(f64, &str)> {
    let len = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text[..len].parse().ok().map(|number| (number, &text[len..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, ms) in [
            ("500ms", 500),
            ("90s", 90_000),
            ("30m", 1_800_000),
            ("1.5h", 5_400_000),
            ("1h30m", 5_400_000),
            ("2d", 172_800_000),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration_ms(text).unwrap(), ms, "{text}");
        }
        for text in ["", "h", "10", "5x", "1h3", "-3m", "1..2s"] {
            assert!(parse_duration_ms(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [("4096", 4096), ("100MB", 100_000_000), ("1.5 KiB", 1536)] {
            assert_eq!(parse_size(text).unwrap(), bytes, "{text}");
        }
        for text in ["", "0", "MB", "3 apples", "-1KB"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times() {
        for text in ["2026-01-05", "2026-01-05T01:00:00+01:00", "2026-01-05 00:00"] {
            assert_eq!(parse_time(text).unwrap().timestamp(), 1_767_571_200, "{text}");
        }
        assert!(parse_time("yesterday").is_err());
    }
}
