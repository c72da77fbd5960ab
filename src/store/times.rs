//! The times of records: from when to when, and how many are implausible.

use serde::{Deserialize, Serialize};

use crate::clock::{EARLIEST, latest};
use crate::record::Micros;

/// What the times of some records are. Those that are implausible are counted and do not move the
/// ends: one record of the year 9999 must not look like the newest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// The first and the last plausible time, UTC.
    pub span: Option<(Micros, Micros)>,
    /// Records that were more than an hour ahead of the clock when they arrived.
    pub ahead: u64,
    pub before_1990: u64,
}

impl Times {
    /// Adds records that arrived at the time `now`.
    pub fn add(&mut self, times: &[Micros], now: Micros) {
        let latest = latest(now);
        for &ts in times {
            if ts > latest {
                self.ahead += 1;
            } else if ts < EARLIEST {
                self.before_1990 += 1;
            } else {
                self.widen((ts, ts));
            }
        }
    }

    pub fn merge(&mut self, other: Times) {
        self.ahead += other.ahead;
        self.before_1990 += other.before_1990;
        if let Some(span) = other.span {
            self.widen(span);
        }
    }

    fn widen(&mut self, (from, to): (Micros, Micros)) {
        let (first, last) = self.span.unwrap_or((from, to));
        self.span = Some((first.min(from), last.max(to)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn implausible_times_are_counted_and_do_not_move_the_ends() {
        const NOW: Micros = 1_767_607_200_000_000;
        let hour = 3_600_000_000;
        let mut times = Times::default();
        times.add(&[NOW + hour + 1, EARLIEST - 1, 0, -1], NOW);
        assert_eq!(times, Times { span: None, ahead: 1, before_1990: 3 });
        times.add(&[NOW + hour, EARLIEST, 253_402_300_799_000_000], NOW);
        let mut all = Times::default();
        all.merge(times);
        all.merge(Times::default());
        assert_eq!(all, Times { span: Some((EARLIEST, NOW + hour)), ahead: 2, before_1990: 3 });
    }
}
