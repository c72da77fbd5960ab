//! What time it is. Everything that depends on it is given it; this is where it comes from.

use crate::record::Micros;

/// How far a record may be ahead of this machine's clock, in microseconds: clocks differ. What is
/// further ahead is stored and counted, and never decides what is shown or judged.
pub const AHEAD_MAX: Micros = 60 * 60 * 1_000_000;

/// 1990-01-01 UTC. A time before it comes from a clock that was not set or from a number that was
/// read wrongly; it never decides what is shown or judged either.
pub const EARLIEST: Micros = 631_152_000_000_000;

/// The latest time that a record may plausibly have.
pub fn latest(now: Micros) -> Micros {
    now.saturating_add(AHEAD_MAX)
}

/// Now, in UTC microseconds.
pub fn now() -> Micros {
    chrono::Utc::now().timestamp_micros()
}
