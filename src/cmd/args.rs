//! Values of arguments that several commands take.

use crate::parse::level::level_of_word;
use crate::parse::time::{TimeRules, Zone};

/// Any spelling of a time as one that SQL reads.
pub fn time(text: &str) -> Result<String, String> {
    let rules = TimeRules::new(Zone::UTC, super::show::now());
    let with_time = format!("{text} 00:00:00");
    let minutes = format!("{text}:00");
    [text, &with_time, &minutes]
        .iter()
        .find_map(|text| rules.whole(text))
        .and_then(chrono::DateTime::from_timestamp_micros)
        .map(|at| at.format("%Y-%m-%d %H:%M:%S%.6f").to_string())
        .ok_or_else(|| {
            "not a time; give 2026-01-05, 2026-01-05 10:00 or 2026-01-05T10:00:00Z".into()
        })
}

/// Any spelling of a level as the enum's.
pub fn level(text: &str) -> Result<String, String> {
    level_of_word(text)
        .map(|level| level.name().to_owned())
        .ok_or_else(|| "not a level; there are trace, debug, info, warn, error and fatal".into())
}
