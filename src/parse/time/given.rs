//! Times as people give them: on the command line, to the API, in files that say what happened.
//!
//! Every spelling of logs is one, and what is too short for a line of a log: a day is its
//! beginning, and seconds may be left out, also before a zone. Without a zone it is UTC.

use super::{TimeRules, Zone};
use crate::record::Micros;

/// What is said where a time is none.
pub const EXAMPLES: &str = "give 2026-01-05, 2026-01-05 10:00 or 2026-01-05T10:00:00Z";

/// UTC microseconds; `now` places what names no year or no day.
pub fn given(text: &str, now: Micros) -> Option<Micros> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let rules = TimeRules::new(Zone::UTC, now);
    rules
        .whole(text)
        .or_else(|| rules.whole(&format!("{text} 00:00:00")))
        .or_else(|| rules.whole(&with_seconds(text)?))
        .filter(|at| is_in_reach(*at))
}

/// `2026-01-05 10:00 +0100` as `2026-01-05 10:00:00 +0100`.
fn with_seconds(text: &str) -> Option<String> {
    let minutes_at = text.find(':')? + 1;
    let (minutes, rest) = text[minutes_at..].split_at_checked(2)?;
    let is_minutes = minutes.bytes().all(|byte| byte.is_ascii_digit());
    let ends = !rest.starts_with(|next: char| next.is_ascii_digit() || next == ':');
    (is_minutes && ends).then(|| format!("{}{minutes}:00{rest}", &text[..minutes_at]))
}

/// Years 1 to 9999: what can be added to a time without leaving what DuckDB holds.
pub fn is_in_reach(at: Micros) -> bool {
    const YEAR_1: Micros = -62_135_596_800_000_000;
    const YEAR_9999: Micros = 253_402_300_799_000_000;
    (YEAR_1..=YEAR_9999).contains(&at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = 1_767_614_400_000_000;

    #[test]
    fn seconds_and_the_time_of_day_may_be_left_out() {
        let ten = Some(1_767_607_200_000_000);
        for text in [
            "1767607200",
            "1767607200000",
            "2026-01-05T10:00:00Z",
            "2026-01-05T10:00Z",
            "2026-01-05 10:00Z",
            "2026-01-05T11:00+01:00",
            "2026-01-05T11:00+0100",
            "2026-01-05T11:00+01",
            "2026-01-05 11:00 +01:00",
            "2026-01-05T04:30-05:30",
            "2026-01-05 10:00 UTC",
            "2026-01-05 11:00 CET",
            " 2026-01-05 10:00 ",
            "2026/01/05 10:00",
            "05.01.2026 10:00",
            "Jan 5 10:00",
            "10:00",
        ] {
            assert_eq!(given(text, NOW), ten, "{text}");
        }
        assert_eq!(given("2026-01-05", NOW), Some(1_767_571_200_000_000));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            " ",
            "soon",
            "10",
            ":",
            "1:é",
            "2026-01-05T10:00+",
            "2026-01-05T10:00+01:",
            "2026-01-05T10:0Z",
            "2026-01-05T25:00Z",
            "2026-02-30 10:00",
            "2026-01-05T10:00Zulu",
            "2026-01-05T10:00:00:00x",
        ] {
            assert_eq!(given(text, NOW), None, "{text}");
        }
    }
}
