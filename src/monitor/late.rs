//! Records that come late: which minutes have to be judged again, and how many came too late.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::Result;
use crate::queries::Parameters;
use crate::queries::range::MINUTE;
use crate::record::Micros;
use crate::store::Session;

const TOTALS: &str = include_str!("../../sql/minute_totals.sql");

/// Records may come so late: their minutes are judged again.
pub const LATE: Micros = 10 * MINUTE;

/// So far back it is noticed that records came too late.
const NOTICED: Micros = 120 * MINUTE;

/// How many records each minute had when it was judged last.
#[derive(Default)]
pub struct Late {
    totals: BTreeMap<Micros, i64>,
    looked: bool,
}

/// What has changed since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// The first minute that has to be judged again.
    pub from: Option<Micros>,
    /// Records that came too late for that.
    pub too_late: u64,
}

#[derive(Deserialize)]
struct Total {
    minute: Micros,
    n: i64,
}

impl Late {
    /// Looks at the minutes before `until`. After a start nothing is known of the last ones, so
    /// all that may have changed are judged again.
    pub fn look(&mut self, session: &Session, until: Micros) -> Result<Changed> {
        let span = Parameters::new().with("from", until - NOTICED).with("to", until);
        let totals: Vec<Total> = session.rows(TOTALS, &span.as_slice())?;
        let totals = totals.into_iter().map(|total| (total.minute, total.n)).collect();
        Ok(self.compare(totals, until))
    }

    fn compare(&mut self, totals: BTreeMap<Micros, i64>, until: Micros) -> Changed {
        let mut changed = Changed::default();
        if !self.looked {
            changed.from = Some(until - LATE);
        }
        // What is newer than the last look is new, not late.
        let looked_until = self.totals.last_key_value().map_or(until, |(last, _)| *last);
        for (minute, n) in totals.range(..=looked_until).filter(|_| self.looked) {
            let more = n - self.totals.get(minute).copied().unwrap_or_default();
            if more == 0 {
                continue;
            }
            if *minute >= until - LATE {
                changed.from = Some(changed.from.map_or(*minute, |from| from.min(*minute)));
            } else if self.totals.first_key_value().is_some_and(|(first, _)| minute >= first) {
                changed.too_late += more.unsigned_abs();
            }
        }
        self.looked = true;
        self.totals = totals;
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(minutes: &[(i64, i64)]) -> BTreeMap<Micros, i64> {
        minutes.iter().map(|(minute, n)| (minute * MINUTE, *n)).collect()
    }

    #[test]
    fn minutes_that_change_are_judged_again_unless_it_is_too_late() {
        let mut late = Late::default();
        let look = |late: &mut Late, minutes: &[(i64, i64)], until: i64| {
            let Changed { from, too_late } = late.compare(totals(minutes), until * MINUTE);
            (from.map(|from| from / MINUTE), too_late)
        };
        assert_eq!(look(&mut late, &[(70, 5), (99, 5)], 100), (Some(90), 0), "after a start");
        assert_eq!(look(&mut late, &[(70, 5), (99, 5), (100, 7)], 101), (None, 0));
        assert_eq!(look(&mut late, &[(70, 5), (98, 1), (99, 5), (100, 7)], 102), (Some(98), 0));
        let more = [(70, 8), (98, 1), (99, 6), (100, 7), (101, 3)];
        assert_eq!(look(&mut late, &more, 103), (Some(99), 3));
        assert_eq!(look(&mut late, &more, 103), (None, 0));
    }
}
