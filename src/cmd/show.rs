//! Numbers, times and sizes as people read them.

use std::time::Duration;

use crate::record::Micros;

/// `12345678` as `12,345,678`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// Bytes with an SI unit: `848 MB`.
pub fn bytes(number: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut number = number;
    let mut unit = 0;
    while number >= 999.5 && unit + 1 < units.len() {
        number /= 1000.0;
        unit += 1;
    }
    match unit {
        0 => format!("{number:.0} B"),
        _ if number >= 99.95 => format!("{number:.0} {}", units[unit]),
        _ => format!("{number:.1} {}", units[unit]),
    }
}

/// A duration as people say it: `0.4 s`, `3 min 12 s`, `2 h 5 min`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", duration.as_secs_f64()),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// UTC, to the millisecond if there are any.
pub fn time(at: Micros) -> String {
    match chrono::DateTime::from_timestamp_micros(at) {
        Some(time) if at % 1_000_000 == 0 => time.format("%Y-%m-%d %H:%M:%S").to_string(),
        Some(time) => time.format("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        None => format!("{at} µs"),
    }
}

/// `1 line`, `2 lines`.
pub fn plural(number: u64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", count(number))
}

/// Now, in UTC microseconds.
pub fn now() -> Micros {
    chrono::Utc::now().timestamp_micros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(12_345_678), "12,345,678");
        assert_eq!(bytes(512.0), "512 B");
        assert_eq!(bytes(848_000_000.0), "848 MB");
        assert_eq!(bytes(1_234_000.0), "1.2 MB");
        assert_eq!(duration(Duration::from_secs(192)), "3 min 12 s");
        assert_eq!(time(1_767_571_200_123_000), "2026-01-05 00:00:00.123");
    }
}
