//! From when to when, and into how many buckets.

use serde::Deserialize;

use super::Parameters;
use crate::clock::{EARLIEST, latest};
use crate::error::Result;
use crate::record::Micros;
use crate::store::Session;

const SPAN: &str = include_str!("../../sql/span.sql");

const SECOND: Micros = 1_000_000;
pub const MINUTE: Micros = 60 * SECOND;
const HOUR: Micros = 60 * MINUTE;
const DAY: Micros = 24 * HOUR;

/// How far back history is looked at unless somebody says so: a stray record of long ago must not make
/// years of it.
pub const UNLESS_SAID: Micros = 30 * DAY;

/// Further from 1970 than any time that DuckDB is asked about.
const FOREVER: Micros = 9_000_000_000_000_000_000;

/// Widths that people can read off an axis.
const WIDTHS: [Micros; 22] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    28 * DAY,
    364 * DAY,
];

/// A stretch of time: `from <= t < to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: Micros,
    pub to: Micros,
}

#[derive(Deserialize)]
struct Row {
    first: Option<Micros>,
    last: Option<Micros>,
}

impl Span {
    /// What was asked for, open ends closed by the records whose times are plausible at the time
    /// `now`. Records of other times are covered where both ends are given, or where the end that is
    /// given lies among them.
    ///
    /// # Errors
    /// DuckDB's message.
    pub fn resolve(
        session: &Session,
        from: Option<Micros>,
        to: Option<Micros>,
        now: Micros,
    ) -> Result<Span> {
        if let (Some(from), Some(to)) = (from, to) {
            return Ok(Span { from, to: to.max(from) });
        }
        let latest =
            if from.is_some_and(|from| from > latest(now)) { FOREVER } else { latest(now) };
        let earliest = if to.is_some_and(|to| to < EARLIEST) { -FOREVER } else { EARLIEST };
        let plausible = Parameters::new().with("earliest", earliest).with("latest", latest);
        let row: Row = session.row(SPAN, &plausible.as_slice())?;
        // Nothing at all is a span too, of no length.
        let first = row.first.or(to).unwrap_or_default();
        let last = row.last.map_or(first, |last| last + MINUTE);
        let from = from.unwrap_or(first);
        Ok(Span { from, to: to.unwrap_or(last).max(from) })
    }

    /// The minute that a time lies in.
    pub fn minute_of(at: Micros) -> Micros {
        at.div_euclid(MINUTE) * MINUTE
    }

    /// The first minute that begins at a time or after it.
    pub fn minute_after(at: Micros) -> Micros {
        Span::minute_of(at.saturating_add(MINUTE - 1))
    }

    /// The part of it that detectors may judge: no time that is implausible at the time `now`.
    #[must_use]
    pub fn plausible(self, now: Micros) -> Span {
        let from = self.from.clamp(EARLIEST, latest(now).max(EARLIEST));
        Span { from, to: self.to.min(latest(now)).max(from) }
    }

    pub fn length(self) -> Micros {
        self.to - self.from
    }

    /// Rounded outwards to whole `width`s.
    pub fn rounded(self, width: Micros) -> Span {
        let floor = |t: Micros| t.div_euclid(width) * width;
        let to = floor(self.to.saturating_add(width - 1));
        Span { from: floor(self.from), to: to.max(floor(self.from)) }
    }

    /// The narrowest readable width that makes at most `count` buckets.
    pub fn bucket(self, count: usize) -> Micros {
        let wanted = self.length() / count.max(1) as Micros;
        WIDTHS.into_iter().find(|&width| width >= wanted).unwrap_or(WIDTHS[WIDTHS.len() - 1])
    }

    pub fn parameters(self) -> Parameters {
        Parameters::new().with("from", self.from).with("to", self.to)
    }
}

/// The beginnings of buckets, in milliseconds; the span must be [rounded](Span::rounded).
pub fn times(span: Span, width: Micros) -> Vec<i64> {
    let count = (span.length() / width).max(0);
    (0..count).map(|at| (span.from + at * width) / 1_000).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_round_and_enough() {
        let span = |length| Span { from: 0, to: length };
        assert_eq!(span(HOUR).bucket(120), 30 * SECOND);
        assert_eq!(span(HOUR).bucket(60), MINUTE);
        assert_eq!(span(DAY).bucket(120), 15 * MINUTE);
        assert_eq!(span(0).bucket(120), SECOND);
        let odd = Span { from: 61 * SECOND, to: 179 * SECOND };
        assert_eq!(odd.rounded(MINUTE), Span { from: MINUTE, to: 3 * MINUTE });
        assert_eq!(times(odd.rounded(MINUTE), MINUTE), [60_000, 120_000]);
    }
}
